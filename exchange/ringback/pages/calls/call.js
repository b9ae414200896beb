// Keeps the page of a call that still lasts up to date; what was opened stays open.

const REFRESH_MILLISECONDS = 500;
const REFRESHES_AFTER_END = 10; // further looks, for what comes after the end: actions and callbacks

const main = () => document.querySelector("main");
let left = REFRESHES_AFTER_END;

function put(next) {
  const open = [...document.querySelectorAll("details[open]")].map((details) => details.id);
  const scroll = document.querySelector(".scroll").scrollLeft;
  const focused = document.activeElement?.closest("details")?.id;
  main().replaceWith(next);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  document.querySelector(".scroll").scrollLeft = scroll;
  if (focused) document.querySelector(`#${focused} summary`)?.focus();
}

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const current = main().cloneNode(true);
  for (const details of current.querySelectorAll("details[open]")) details.removeAttribute("open");
  if (next.outerHTML !== current.outerHTML) put(next);
}

async function follow() {
  left = main().hasAttribute("data-live") ? REFRESHES_AFTER_END : left - 1;
  if (left < 0) return;
  await look().catch(() => {}); // the exchange is away: look again
  setTimeout(follow, REFRESH_MILLISECONDS);
}

follow();
