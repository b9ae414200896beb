// One alert or one request, as an element. Everything an app wrote is shown as text, never as markup.

function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

/** The sid; that of a call leads to its sequence. */
function whose(sid) {
  return sid?.startsWith("CA") ? made("a", { href: `/calls/${sid}` }, sid) : sid ?? "";
}

const clock = (at) => new Date(at).toLocaleTimeString("en-GB");

export function shownAlert(alert) {
  const link = made("a", { href: alert.more_info, rel: "noreferrer" }, String(alert.code));
  const word = made("span", { class: "word" }, alert.level === "error" ? "Error " : "Warning ");
  const place = alert.line ? `line ${alert.line}, column ${alert.column} · ` : "";
  return made(
    "li", { class: alert.level },
    made("p", {}, word, link, " ", alert.message),
    made("p", { class: "mend" }, alert.mend),
    made("p", { class: "soft" }, `${place}${clock(alert.at)} · ${alert.handset ?? ""} `, whose(alert.sid)),
    details(alert.request, alert.answer, alert.line),
  );
}

export function shownRequest(entry) {
  const well = !entry.error && entry.status < 400;
  const told = entry.error ? `failed (${entry.error})` : String(entry.status);
  return made(
    "li", { class: well ? "well" : "error" },
    made("p", {}, made("span", { class: "word" }, `${told} `), `${entry.method} ${entry.url}`),
    made("p", { class: "soft" }, `${entry.channel} · ${Math.round(entry.seconds * 1000)} ms · ${clock(entry.at)} · `, whose(entry.sid)),
    details(entry, { status: entry.status, headers: {}, body: entry.body }, null),
  );
}

function details(request, answer, line) {
  if (!request) return null;
  const sent = request.parameters.map(([name, value]) => `${name}=${value}`).join("\n");
  const box = made("details", {}, made("summary", {}, "Request and answer"));
  box.append(made("pre", {}, `${request.method} ${request.url}\n${sent}`));
  if (answer) box.append(made("pre", {}, ...marked(answer.body, line)));
  return box;
}

function marked(body, line) {
  const lines = body.split("\n");
  if (!line || line > lines.length) return [body];
  const before = lines.slice(0, line - 1).join("\n");
  const after = lines.slice(line).join("\n");
  return [before ? `${before}\n` : "", made("mark", {}, lines[line - 1]), after ? `\n${after}` : ""];
}
