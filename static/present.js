// The presenter's page: fetches the part that moves every two seconds, and says when it cannot.
const EVERY = 2000;
const now = document.getElementById("now");
const behind = document.getElementById("behind");

async function look() {
  try {
    const answer = await fetch(document.body.dataset.now, { signal: AbortSignal.timeout(5000) });
    if (answer.status === 403) return location.reload(); // logged out meanwhile
    if (!answer.ok) throw new Error(`The server answered ${answer.status}`);
    show(await answer.text());
    behind.hidden = true;
  } catch {
    behind.textContent = "Behind: this page gets no answer. It keeps trying.";
    behind.hidden = false;
  }
}

function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const fresh of template.content.querySelectorAll("section")) {
    const old = document.getElementById(fresh.id);
    tellTheTime(fresh);
    const isBeingRead = old.querySelector("details[open]") || old.contains(document.activeElement);
    if (!isBeingRead && old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
  }
}

function tellTheTime(part) {
  for (const time of part.querySelectorAll("time[data-at]")) {
    const at = new Date(Number(time.dataset.at) * 1000);
    const isToday = at.toDateString() === new Date().toDateString();
    time.textContent = (isToday ? "" : `${at.toLocaleDateString(undefined, { weekday: "short" })} `) + at.toLocaleTimeString();
  }
}

tellTheTime(document);
setInterval(look, EVERY);
