// Helpers for DOM elements. Text is always inserted as text, never as HTML.

/** The elements below `root`, by their `data-part` in camel case. */
export function parts(root) {
  const found = {};
  for (const element of root.querySelectorAll("[data-part]")) found[camelCase(element.dataset.part)] = element;
  return found;
}

export function element(tag, text = "", ...classes) {
  const created = document.createElement(tag);
  created.textContent = text;
  created.classList.add(...classes.filter(Boolean));
  return created;
}

export function setVisible(visible, ...elements) {
  for (const each of elements) each.hidden = !visible;
}

/** Sets the text if it has changed: live regions would announce an unchanged text again. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

const camelCase = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
