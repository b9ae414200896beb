// Buttons that copy the text of another part of the page; where the browser lets nobody copy, it is selected instead.
const said = document.getElementById("copied");
let fading;

for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false; // without this script a button would do nothing
  button.addEventListener("click", () => copy(document.getElementById(button.dataset.copies)));
}

async function copy(part) {
  try {
    await navigator.clipboard.writeText(part.textContent);
    tell("Copied.");
  } catch {
    getSelection().selectAllChildren(part); // no https, or not allowed
    tell("Selected: press Ctrl-C.");
  }
}

function tell(words) {
  clearTimeout(fading);
  said.textContent = words;
  fading = setTimeout(() => (said.textContent = ""), 3000);
}
