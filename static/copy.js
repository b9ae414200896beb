// Buttons that copy an element's text or, without access to the clipboard, select it.
const MESSAGE_MS = 3000;
const status = document.getElementById("copied");
let timer;

for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false; // without JavaScript, it stays hidden
  button.addEventListener("click", () => copy(document.getElementById(button.dataset.copies)));
}

async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    announce("Copied.");
  } catch {
    getSelection().selectAllChildren(element); // not HTTPS, or not permitted
    announce("Selected. Press Ctrl-C to copy.");
  }
}

function announce(message) {
  clearTimeout(timer);
  status.textContent = message;
  timer = setTimeout(() => (status.textContent = ""), MESSAGE_MS);
}
