// The phone in the browser: shows the handset's texts and call, and sends texts and keys.
const POLL_MS = 1000;
const byId = (id) => document.getElementById(id);
let shownTexts = 0;

async function request(path, data) {
  const options = data && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) };
  const response = await fetch(`/phone/${path}`, { ...options, signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(response.status === 429 ? "Please wait a few seconds." : "This did not work. Please try again.");
  return response.json();
}

function listItems(list, rows) {
  while (list.children.length > rows.length) list.lastElementChild.remove();
  rows.forEach(({ words, kind }, at) => {
    const item = list.children[at] ?? list.appendChild(document.createElement("li"));
    if (item.textContent !== words) item.textContent = words;
    item.className = kind;
  });
}

function show({ texts, call }) {
  listItems(byId("texts"), texts.map(({ body, direction }) => ({ words: body, kind: direction })));
  byId("empty").hidden = texts.length > 0;
  const isOnTheLine = Boolean(call && !call.is_over);
  byId("call").hidden = !isOnTheLine;
  byId("dial").hidden = isOnTheLine;
  listItems(byId("heard"), (call?.heard ?? []).slice(-4).map((words) => ({ words, kind: "" })));
  if (texts.length !== shownTexts) byId("texts").lastElementChild?.scrollIntoView({ block: "end" });
  shownTexts = texts.length;
}

async function act(path, data) {
  const notice = byId("notice");
  try {
    show(await request(path, data));
    notice.hidden = true;
  } catch (error) {
    notice.textContent = error.name === "TimeoutError" ? "No connection. Trying again." : error.message;
    notice.hidden = false;
  }
}

byId("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = byId("body");
  act("texts", { body: field.value });
  field.value = "";
  field.focus();
});
byId("dial").addEventListener("click", () => act("calls", {}));
byId("hang-up").addEventListener("click", () => act("hangup", {}));
byId("keys").addEventListener("click", ({ target }) => target.dataset.key && act("keys", { digits: target.dataset.key }));

act("state");
setInterval(() => act("state"), POLL_MS);
