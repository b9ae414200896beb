// The dialog "Add a handset": choose a name and a number.

import { unusedName, unusedNumbers } from "./fictional-handsets.js";
import { element } from "./dom.js";
import { readable } from "./phone-numbers.js";

const MAX_KNOWN_HANDSETS = 50; // offered at most, of the handsets that are on the exchange but not on this page

/** `onAdd({number, name})` is called when the person has submitted the dialog. */
export function setUpAddDialog(button, dialog, state, onAdd) {
  const form = dialog.querySelector("form");
  const { name, number } = form.elements;
  button.addEventListener("click", () => {
    name.value = unusedName([...state.handsets.values()].map((handset) => handset.name));
    number.replaceChildren(...optionGroups(state));
    dialog.returnValue = "";
    dialog.showModal();
    number.focus();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "add") onAdd({ number: number.value, name: name.value.trim() });
  });
}

function optionGroups(state) {
  const others = [...state.known.keys()].filter((number) => !state.handsets.has(number)).slice(-MAX_KNOWN_HANDSETS);
  const used = new Set([...state.handsets.keys(), ...state.known.keys()]);
  return [...unusedNumbers(used), ["Already on the exchange", others]]
    .filter(([, numbers]) => numbers.length)
    .map(([label, numbers]) => optionGroup(label, numbers));
}

function optionGroup(label, numbers) {
  const group = element("optgroup");
  group.label = label;
  group.append(...numbers.map((number) => Object.assign(element("option", readable(number)), { value: number })));
  return group;
}
