// Keeps the keyboard's focus where it was while a part of the page changes.
const CONTROLS = "button, summary, a[href]";

// Change `part` with `change`. If the focused control is gone afterwards, focus the next one that does the same in its
// section; else the section's heading, from which Tab goes on.
export function keepFocus(part, change) {
  const focused = document.activeElement;
  const section = part.contains(focused) ? (focused.closest("section") ?? focused.parentElement) : null;
  const rank = section ? alike(section, focused).indexOf(focused) : -1;
  change();
  if (!section || (focused.isConnected && focused.checkVisibility())) return refocus(section && focused);
  const others = section.isConnected ? alike(section, focused) : [];
  refocus(others[Math.min(rank, others.length - 1)] ?? headingOf(section) ?? headingOf(part));
}

// The controls of the section that do the same as this one, which may already have been removed.
function alike(section, control) {
  const action = (one) => one.closest("form")?.dataset.action ?? one.nodeName;
  return [...section.querySelectorAll(CONTROLS)].filter((one) => action(one) === action(control) && one.checkVisibility());
}

function headingOf(part) {
  return part.isConnected ? part.querySelector("h2[tabindex]") : null;
}

function refocus(control) {
  if (control && control !== document.activeElement) control.focus();
}
