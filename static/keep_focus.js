// Keeps the keyboard focus where it was while a part of the page changes.
const CONTROLS = "button, summary, a[href]";

// Calls `change`, which changes `part`. If that removes the focused control, focuses the next one with the same action in
// its section, or else the section's heading, so that Tab continues there.
export function keepFocus(part, change) {
  const focused = document.activeElement;
  const section = part.contains(focused) ? (focused.closest("section") ?? focused.parentElement) : null;
  const rank = section ? alike(section, focused).indexOf(focused) : -1;
  change();
  if (!section || (focused.isConnected && focused.checkVisibility())) return refocus(section && focused);
  const others = section.isConnected ? alike(section, focused) : [];
  refocus(others[Math.min(rank, others.length - 1)] ?? headingOf(section) ?? headingOf(part));
}

// Returns the section's controls with the same action as `control`, which may already have been removed.
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
