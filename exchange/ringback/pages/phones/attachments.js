// Pictures chosen to go with the next text: shown small, each with a button that takes it away again.

import { element, show } from "./dom.js";

const MAX_PICTURES = 10;
const MAX_MEGABYTES = 5; // what the exchange takes of one, and twice that of all together
const BYTES_PER_MEGABYTE = 1024 * 1024;

export class Pictures {
  /** `complain(sentence)` says what cannot be sent. */
  constructor(parts, complain) {
    Object.assign(this, { parts, complain, chosen: [] });
    parts.attach.addEventListener("click", () => parts.file.click());
    parts.file.addEventListener("change", () => this.choose([...parts.file.files]));
  }

  get addresses() { return this.chosen.map(({ url }) => url); }

  async choose(files) {
    this.parts.file.value = ""; // so that the same one can be chosen again
    const refusal = this.refusal(files);
    this.complain(refusal);
    if (!refusal) this.chosen.push(...(await Promise.all(files.map(read))));
    this.draw();
    this.parts.text.focus();
  }

  refusal(files) {
    const odd = files.find((file) => !file.type.startsWith("image/"));
    const large = files.find((file) => file.size > MAX_MEGABYTES * BYTES_PER_MEGABYTE);
    const all = [...this.chosen, ...files].reduce((sum, { size }) => sum + size, 0);
    if (odd) return `${odd.name} is not a picture.`;
    if (large) return `${large.name} is larger than ${MAX_MEGABYTES} MB.`;
    if (this.chosen.length + files.length > MAX_PICTURES) return `A text has at most ${MAX_PICTURES} pictures.`;
    return all > 2 * MAX_MEGABYTES * BYTES_PER_MEGABYTE ? `Together these pictures are larger than ${2 * MAX_MEGABYTES} MB.` : "";
  }

  draw() {
    this.parts.attached.replaceChildren(...this.chosen.map((picture) => this.small(picture)));
    show(this.chosen.length > 0, this.parts.attached);
  }

  small(picture) {
    const row = element("li");
    const image = Object.assign(element("img"), { src: picture.url, alt: picture.name });
    const away = element("button", "×", "plain", "square");
    away.type = "button";
    away.setAttribute("aria-label", `Do not send ${picture.name}`);
    away.addEventListener("click", () => this.drop(picture));
    row.append(image, away);
    return row;
  }

  drop(picture) {
    this.chosen = this.chosen.filter((each) => each !== picture);
    this.draw();
    this.parts.attach.focus();
  }

  clear() {
    this.chosen = [];
    this.draw();
  }
}

/** The file as an address that holds it (`data:…`). */
function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, size: file.size, url: reader.result });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
