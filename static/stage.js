// The stage: puts what the server has drawn where it belongs.
import { follow } from "./stream.js";
import { showBehind } from "./behind.js";

const SHOWN = 30;
const stories = document.getElementById("stories");
const heard = showBehind(document.getElementById("behind"), () => stream.again());

function drawn(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

function show(html) {
  const fresh = drawn(html);
  const old = document.getElementById(fresh.id);
  fresh.classList.add(old ? "changed" : "new");
  if (old) old.replaceWith(fresh);
  else stories.insertBefore(fresh, firstBefore(Number(fresh.dataset.at)));
  while (stories.children.length > SHOWN) stories.lastElementChild.remove();
}

// The newest stands first, also when several are made up for at once.
function firstBefore(at) {
  return [...stories.children].find((story) => !(Number(story.dataset.at) > at)) ?? null;
}

function markGap() {
  const mark = document.createElement("li");
  mark.className = "gap";
  mark.textContent = "Some moments are missing here: this screen was away for too long.";
  stories.prepend(mark);
}

const stream = follow(document.body.dataset, (kind, said) => {
  heard();
  if (kind === "gap") markGap();
  else if (said.html) show(said.html);
});
