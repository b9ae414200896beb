// Small words for the page's elements. Text is always put in as text, never as HTML.

/** `parts(root).name` is the element marked `data-part="name"`. */
export function parts(root) {
  const found = {};
  for (const element of root.querySelectorAll("[data-part]")) found[camel(element.dataset.part)] = element;
  return found;
}

export function element(tag, text = "", ...classes) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.classList.add(...classes.filter(Boolean));
  return made;
}

export function show(shown, ...elements) {
  for (const each of elements) each.hidden = !shown;
}

export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
