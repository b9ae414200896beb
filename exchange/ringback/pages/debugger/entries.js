// Creates list items for alerts and requests. Everything the app sent is inserted as text, never as HTML.

import { readable } from "/pages/phones/phone-numbers.js";

function create(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

/** The SID; a call SID links to the page about the call. */
function sidElement(sid) {
  return sid?.startsWith("CA") ? create("a", { href: `/calls/${sid}` }, sid) : sid ?? "";
}

const time = (at) => new Date(at).toLocaleTimeString("en-GB");

export function alertItem(alert) {
  const link = create("a", { href: alert.more_info, rel: "noreferrer" }, String(alert.code));
  const level = create("span", { class: "level" }, alert.level === "error" ? "Error " : "Warning ");
  const position = alert.line ? `line ${alert.line}, column ${alert.column} · ` : "";
  return create(
    "li", { class: alert.level },
    create("p", {}, level, link, " ", alert.message),
    create("p", { class: "mend" }, alert.mend),
    create("p", { class: "soft" }, `${position}${time(alert.at)} · ${readable(alert.handset ?? "")} `, sidElement(alert.sid)),
    details(alert.request, alert.answer, alert.line),
  );
}

export function requestItem(entry) {
  const isOk = !entry.error && entry.status < 400;
  const status = entry.error ? `failed (${entry.error})` : String(entry.status);
  return create(
    "li", { class: isOk ? "ok" : "error" },
    create("p", {}, create("span", { class: "level" }, `${status} `), `${entry.method} ${entry.url}`),
    create("p", { class: "soft" }, `${entry.channel} · ${Math.round(entry.seconds * 1000)} ms · ${time(entry.at)} · `, sidElement(entry.sid)),
    details(entry, { status: entry.status, headers: {}, body: entry.body }, null),
  );
}

function details(request, response, line) {
  if (!request) return null;
  const parameters = request.parameters.map(([name, value]) => `${name}=${value}`).join("\n");
  const box = create("details", {}, create("summary", {}, "Request and response"));
  box.append(create("pre", {}, `${request.method} ${request.url}\n${parameters}`));
  if (response) box.append(create("pre", {}, ...withMarkedLine(response.body, line)));
  return box;
}

function withMarkedLine(body, line) {
  const lines = body.split("\n");
  if (!line || line > lines.length) return [body];
  const before = lines.slice(0, line - 1).join("\n");
  const after = lines.slice(line).join("\n");
  return [before ? `${before}\n` : "", create("mark", {}, lines[line - 1]), after ? `\n${after}` : ""];
}
