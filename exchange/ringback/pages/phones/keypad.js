// The keypad, for pointers and for the computer's keyboard. It is a single tab stop; arrow keys move between its keys.

import { element } from "./dom.js";

const KEYS = [..."123456789*0#"];
const NAMES = { "*": "star", "#": "hash" };
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 };
const HIGHLIGHT_MILLISECONDS = 120;

export function addKeys(keypad, onPress) {
  keypad.append(...KEYS.map((digit) => key(digit, onPress)));
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

function key(digit, onPress) {
  const button = element("button", digit);
  button.type = "button";
  button.tabIndex = digit === KEYS[0] ? 0 : -1;
  button.dataset.digit = digit;
  button.setAttribute("aria-label", NAMES[digit] ?? digit);
  button.addEventListener("click", () => onPress(digit));
  return button;
}

/** Presses a key when its digit is typed anywhere on the call screen except in a field. `onOther` gets other events. */
export function handleKeyboard(screen, keypad, onPress, onOther) {
  screen.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = keypad.hidden ? null : keypad.querySelector(`[data-digit="${CSS.escape(event.key)}"]`);
    if (!button) return onOther(event);
    if (event.repeat) return;
    event.preventDefault();
    highlight(button);
    onPress(event.key);
  });
}

function highlight(button) {
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), HIGHLIGHT_MILLISECONDS);
}
