// The phone in the browser: shows the handset's texts and call, and sends texts and keys.
const POLL_MS = 1000;
const MESSAGES = { TimeoutError: "No connection. Please try again.", TypeError: "No connection. Please try again." };
const byId = (id) => document.getElementById(id);
let shownTexts = 0;
let requested = 0; // how many requests have begun
let shown = 0; // the number of the request whose response is on the page
let failed = ""; // the path of the request whose failure the notice shows

async function request(path, data) {
  const options = data && { method: "POST", body: JSON.stringify(data) };
  const headers = { Accept: "application/json", ...(data && { "Content-Type": "application/json" }) };
  const response = await fetch(`/phone/${path}`, { ...options, headers, signal: AbortSignal.timeout(8000) });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? "This did not work. Please try again.");
  return answer;
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

// Returns whether it succeeded. A failure of something that the person did stays visible until they do something else.
async function act(path, data) {
  const notice = byId("notice");
  const number = ++requested;
  try {
    const state = await request(path, data);
    if (number > shown) show(state); // otherwise a later request has overtaken this one
    shown = Math.max(shown, number);
    if (data || failed === path) notice.hidden = true;
    return true;
  } catch (error) {
    if (!data && !notice.hidden) return false;
    failed = path;
    notice.textContent = MESSAGES[error.name] ?? error.message;
    notice.hidden = false;
    return false;
  }
}

byId("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("body");
  const written = field.value;
  field.value = "";
  field.focus();
  if (!(await act("texts", { body: written })) && !field.value) field.value = written;
});
byId("dial").addEventListener("click", () => act("calls", {}));
byId("hang-up").addEventListener("click", () => act("hangup", {}));
byId("keys").addEventListener("click", ({ target }) => target.dataset.key && act("keys", { digits: target.dataset.key }));

act("state");
setInterval(() => act("state"), POLL_MS);
