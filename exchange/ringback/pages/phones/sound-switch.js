// Whether this page makes sound: wished for or not, and never before the person has touched the page.

const STORAGE_KEY = "sound";

export class Sound {
  constructor(button) {
    this.button = button;
    this.wanted = localStorage.getItem(STORAGE_KEY) !== "off";
    this.touched = false;
    this.changed = () => {};
    button.addEventListener("click", () => this.toggle());
    for (const kind of ["click", "keyup"]) document.addEventListener(kind, (event) => this.touch(event));
    globalThis.speechSynthesis?.addEventListener?.("voiceschanged", () => this.draw());
    this.draw();
  }

  get on() { return this.wanted && this.touched; }

  get hasVoice() { return (globalThis.speechSynthesis?.getVoices().length ?? 0) > 0; }

  /** The first touch anywhere lets browsers make sound; the switch itself is left to toggle(). */
  touch(event) {
    if (this.touched || this.button.contains(event.target)) return;
    this.touched = true;
    this.draw();
  }

  toggle() {
    this.wanted = !this.on;
    this.touched = true;
    localStorage.setItem(STORAGE_KEY, this.wanted ? "on" : "off");
    this.draw();
    this.changed();
  }

  draw() {
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.textContent = !this.on ? "Sound is off" : this.hasVoice ? "Sound is on" : "Sound is on (no voice)";
    this.button.title = this.on && !this.hasVoice ? "This browser has no voice: read the captions." : "";
  }
}
