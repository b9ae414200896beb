// Updates the page about a call until the call is over. Keeps open details, the scroll position and the focus.

const REFRESH_MILLISECONDS = 500;
const REFRESHES_AFTER_END = 10; // for action requests and callbacks after the end of the call

const main = () => document.querySelector("main");
let refreshesLeft = REFRESHES_AFTER_END;

function replaceMain(next) {
  const open = [...document.querySelectorAll("details[open]")].map((details) => details.id);
  const scrollLeft = document.querySelector(".scroll").scrollLeft;
  const focused = document.activeElement?.closest("details")?.id;
  main().replaceWith(next);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  document.querySelector(".scroll").scrollLeft = scrollLeft;
  if (focused) document.querySelector(`#${focused} summary`)?.focus();
}

async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!response.ok) return;
  const next = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
  const current = main().cloneNode(true);
  for (const details of current.querySelectorAll("details[open]")) details.removeAttribute("open");
  if (next.outerHTML !== current.outerHTML) replaceMain(next);
}

async function refreshRepeatedly() {
  refreshesLeft = main().hasAttribute("data-live") ? REFRESHES_AFTER_END : refreshesLeft - 1;
  if (refreshesLeft < 0) return;
  await refresh().catch(() => {}); // no connection; the next refresh tries again
  setTimeout(refreshRepeatedly, REFRESH_MILLISECONDS);
}

refreshRepeatedly();
