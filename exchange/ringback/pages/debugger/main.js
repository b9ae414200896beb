// The debugger page: loads the alerts and requests, and updates them from the live feed.
import { alertItem, requestItem } from "/pages/debugger/entries.js";

const alerts = document.getElementById("alerts");
const requests = document.getElementById("requests");
const none = document.getElementById("none");
const state = document.getElementById("state");
const MAX_ENTRIES = 200;
const DEBOUNCE_MILLISECONDS = 300;

async function getJson(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  return response.json();
}

function prepend(list, item) {
  list.prepend(item);
  while (list.children.length > MAX_ENTRIES) list.lastElementChild.remove();
}

async function loadRequests() {
  requests.replaceChildren(...(await getJson("/requests")).requests.slice(-MAX_ENTRIES).reverse().map(requestItem));
}

async function loadAll() {
  const found = (await getJson("/debugger")).alerts;
  alerts.replaceChildren(...found.slice(-MAX_ENTRIES).reverse().map(alertItem));
  none.hidden = found.length > 0;
  await loadRequests();
}

let timer = 0;
function scheduleRequests() {
  timer ||= setTimeout(() => { timer = 0; loadRequests(); }, DEBOUNCE_MILLISECONDS);
}

const feed = new EventSource("/feed");
feed.onopen = () => { state.textContent = "Live"; loadAll(); };
feed.onerror = () => { state.textContent = "The exchange is not responding. Trying again…"; };
feed.onmessage = ({ data }) => {
  const item = JSON.parse(data);
  if (item.kind === "alert") {
    prepend(alerts, alertItem(item.payload));
    none.hidden = true;
  }
  scheduleRequests();
};

document.getElementById("delete-alerts").onclick = async () => {
  await fetch("/debugger", { method: "DELETE" });
  await loadAll();
};
