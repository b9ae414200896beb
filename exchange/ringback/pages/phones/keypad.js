// Twelve keys, pressed with a finger or on the computer's keyboard. The Tab key stops here once; arrows go from key to key.

import { element } from "./dom.js";

const KEYS = [..."123456789*0#"];
const NAMES = { "*": "star", "#": "hash" };
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 };
const HIGHLIGHT_MILLISECONDS = 120;

export function layOut(keypad, pressed) {
  keypad.append(...KEYS.map((digit) => key(digit, pressed)));
  keypad.addEventListener("keydown", (event) => {
    const next = keypad.children[[...keypad.children].indexOf(event.target) + STEPS[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  keypad.addEventListener("focusin", ({ target }) => {
    for (const button of keypad.children) button.tabIndex = button === target ? 0 : -1;
  });
}

function key(digit, pressed) {
  const button = element("button", digit);
  button.type = "button";
  button.tabIndex = digit === KEYS[0] ? 0 : -1;
  button.dataset.digit = digit;
  button.setAttribute("aria-label", NAMES[digit] ?? digit);
  button.addEventListener("click", () => pressed(digit));
  return button;
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
  setTimeout(() => button.classList.remove("pressed"), HIGHLIGHT_MILLISECONDS);
}
