// The client for the exchange's JSON APIs.

export class RequestFailed extends Error {}

/** Returns the response's JSON, or null for a 204. Throws RequestFailed with a human-readable message. */
export async function request(path, body, method = body === undefined ? "GET" : "POST") {
  const options = { method, cache: "no-store" };
  if (method === "POST") Object.assign(options, encoded(body));
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new RequestFailed("The exchange is not responding.");
  }
  if (response.status === 204) return null;
  const json = await response.json().catch(() => ({}));
  if (!response.ok) throw new RequestFailed(json.error || `The exchange rejected the request (${response.status}).`);
  return json;
}

function encoded(body) {
  if (body instanceof Blob) return { body, headers: { "Content-Type": body.type } };
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

/** The path of a handset, or of something below it: handsetPath(number, "calls", sid). */
export function handsetPath(number, ...rest) {
  return ["/handsets", encodeURIComponent(number), ...rest].join("/");
}
