// The sound switch. Browsers allow sound only after the person has interacted with the page.

const STORAGE_KEY = "sound";

export class Sound {
  constructor(button) {
    this.button = button;
    this.wanted = localStorage.getItem(STORAGE_KEY) !== "off";
    this.hasInteraction = false;
    this.onChange = () => {};
    button.addEventListener("click", () => this.toggle());
    for (const kind of ["click", "keyup"]) document.addEventListener(kind, (event) => this.interact(event));
    globalThis.speechSynthesis?.addEventListener?.("voiceschanged", () => this.draw());
    this.draw();
  }

  get on() { return this.wanted && this.hasInteraction; }

  get hasVoice() { return (globalThis.speechSynthesis?.getVoices().length ?? 0) > 0; }

  /** Handles the first interaction with the page, unless it is with the switch itself, which toggle() handles. */
  interact(event) {
    if (this.hasInteraction || this.button.contains(event.target)) return;
    this.hasInteraction = true;
    this.draw();
  }

  toggle() {
    this.wanted = !this.on;
    this.hasInteraction = true;
    localStorage.setItem(STORAGE_KEY, this.wanted ? "on" : "off");
    this.draw();
    this.onChange();
  }

  draw() {
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.textContent = !this.on ? "Sound is off" : this.hasVoice ? "Sound is on" : "Sound is on (no voice)";
    this.button.title = this.on && !this.hasVoice ? "This browser has no voice. Read the captions." : "";
  }
}
