// Twelve keys, pressed with a finger or on the computer's keyboard.

import { element } from "./elements.js";

const KEYS = [..."123456789*0#"];
const NAMES = { "*": "star", "#": "hash" };
const LIT = 120; // milliseconds

export function layOut(keypad, pressed) {
  for (const digit of KEYS) {
    const button = element("button", digit);
    button.type = "button";
    button.dataset.digit = digit;
    button.setAttribute("aria-label", NAMES[digit] ?? digit);
    button.addEventListener("click", () => pressed(digit));
    keypad.append(button);
  }
}

/** Digits typed anywhere on the call screen, except in a field, press keys. */
export function followKeyboard(screen, keypad, pressed, otherwise) {
  screen.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = keypad.hidden ? null : keypad.querySelector(`[data-digit="${CSS.escape(event.key)}"]`);
    if (!button) return otherwise(event);
    if (event.repeat) return;
    event.preventDefault();
    light(button);
    pressed(event.key);
  });
}

function light(button) {
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), LIT);
}
