// "Add a handset": a name and a number from the book.

import { freeName, freeNumbers } from "./saved-handsets.js";
import { element } from "./dom.js";
import { readable } from "./phone-numbers.js";

const MAX_HANDSETS = 50; // handsets offered that the exchange knows and this page does not show

/** `added({number, name})` is called when the person has chosen. */
export function offerHandsets(button, dialog, state, added) {
  const form = dialog.querySelector("form");
  const { name, number } = form.elements;
  button.addEventListener("click", () => {
    name.value = freeName([...state.handsets.values()].map((handset) => handset.name));
    number.replaceChildren(...groups(state));
    dialog.returnValue = "";
    dialog.showModal();
    number.focus();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "add") added({ number: number.value, name: name.value.trim() });
  });
}

function groups(state) {
  const others = [...state.known.keys()].filter((number) => !state.handsets.has(number)).slice(-MAX_HANDSETS);
  const taken = new Set([...state.handsets.keys(), ...state.known.keys()]);
  return [...freeNumbers(taken), ["Already at the exchange", others]]
    .filter(([, numbers]) => numbers.length)
    .map(([label, numbers]) => group(label, numbers));
}

function group(label, numbers) {
  const made = element("optgroup");
  made.label = label;
  made.append(...numbers.map((number) => Object.assign(element("option", readable(number)), { value: number })));
  return made;
}
