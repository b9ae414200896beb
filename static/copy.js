// Buttons that copy an element's text. Without access to the clipboard they select it.
const MESSAGE_MS = 3000;
const status = document.getElementById("copied");
let timer;

for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false; // hidden without JavaScript
  button.addEventListener("click", () => copy(document.getElementById(button.dataset.copies)));
}

async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    announce("Copied.");
  } catch {
    getSelection().selectAllChildren(element); // not HTTPS, or not permitted
    announce("Selected: press Ctrl-C.");
  }
}

function announce(message) {
  clearTimeout(timer);
  status.textContent = message;
  timer = setTimeout(() => (status.textContent = ""), MESSAGE_MS);
}
