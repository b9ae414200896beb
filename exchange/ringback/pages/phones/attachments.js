// The pictures chosen for the next text, as thumbnails, each with a button that removes it.

import { element, setVisible } from "./dom.js";

const MAX_PICTURES = 10;
const MAX_MEGABYTES = 5; // per picture; the limit for all of them together is twice this
const BYTES_PER_MEGABYTE = 1024 * 1024;

export class Pictures {
  /** `showError(sentence)` shows why a picture cannot be sent. */
  constructor(parts, showError) {
    Object.assign(this, { parts, showError, chosen: [] });
    parts.attach.addEventListener("click", () => parts.file.click());
    parts.file.addEventListener("change", () => this.choose([...parts.file.files]));
  }

  /** The chosen pictures as data URLs. */
  get urls() { return this.chosen.map(({ url }) => url); }

  async choose(files) {
    this.parts.file.value = ""; // otherwise, the same file could not be chosen again
    const error = this.validationError(files);
    this.showError(error);
    if (!error) this.chosen.push(...(await Promise.all(files.map(read))));
    this.draw();
    this.parts.text.focus();
  }

  validationError(files) {
    const otherType = files.find((file) => !file.type.startsWith("image/"));
    const large = files.find((file) => file.size > MAX_MEGABYTES * BYTES_PER_MEGABYTE);
    const total = [...this.chosen, ...files].reduce((sum, { size }) => sum + size, 0);
    if (otherType) return `${otherType.name} is not a picture.`;
    if (large) return `${large.name} is larger than ${MAX_MEGABYTES} MB.`;
    if (this.chosen.length + files.length > MAX_PICTURES) return `A text can have at most ${MAX_PICTURES} pictures.`;
    return total > 2 * MAX_MEGABYTES * BYTES_PER_MEGABYTE ? `The pictures together are larger than ${2 * MAX_MEGABYTES} MB.` : "";
  }

  draw() {
    this.parts.attached.replaceChildren(...this.chosen.map((picture) => this.thumbnail(picture)));
    setVisible(this.chosen.length > 0, this.parts.attached);
  }

  thumbnail(picture) {
    const row = element("li");
    const image = Object.assign(element("img"), { src: picture.url, alt: picture.name });
    const button = element("button", "×", "plain", "square");
    button.type = "button";
    button.setAttribute("aria-label", `Remove ${picture.name}`);
    button.addEventListener("click", () => this.remove(picture));
    row.append(image, button);
    return row;
  }

  remove(picture) {
    this.chosen = this.chosen.filter((each) => each !== picture);
    this.draw();
    this.parts.attach.focus();
  }

  clear() {
    this.chosen = [];
    this.draw();
  }
}

/** Reads a file as a data URL. */
function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, size: file.size, url: reader.result });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
