// The debugger's page: what is in it now, and whatever the live feed adds.
import { shownAlert, shownRequest } from "/pages/debugger/entries.js";

const alerts = document.getElementById("alerts");
const requests = document.getElementById("requests");
const none = document.getElementById("none");
const state = document.getElementById("state");
const MAX_REQUESTS = 200;

async function read(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  return answer.json();
}

function add(list, entry) {
  list.prepend(entry);
  while (list.children.length > MAX_REQUESTS) list.lastElementChild.remove();
}

async function readRequests() {
  requests.replaceChildren(...(await read("/requests")).requests.slice(-MAX_REQUESTS).reverse().map(shownRequest));
}

async function readAll() {
  const found = (await read("/debugger")).alerts;
  alerts.replaceChildren(...found.slice(-MAX_REQUESTS).reverse().map(shownAlert));
  none.hidden = found.length > 0;
  await readRequests();
}

let soon = 0;
function readRequestsSoon() {
  soon ||= setTimeout(() => { soon = 0; readRequests(); }, 300);
}

const feed = new EventSource("/feed");
feed.onopen = () => { state.textContent = "Live"; readAll(); };
feed.onerror = () => { state.textContent = "Behind: the exchange does not answer"; };
feed.onmessage = ({ data }) => {
  const item = JSON.parse(data);
  if (item.kind === "alert") {
    add(alerts, shownAlert(item.payload));
    none.hidden = true;
  }
  readRequestsSoon();
};

document.getElementById("forget").onclick = async () => {
  await fetch("/debugger", { method: "DELETE" });
  await readAll();
};
