// The handsets' door: asks the exchange, and says in one sentence why it refused.

export class RequestRefused extends Error {}

/** The JSON answered, or null for 204. Throws RequestRefused with a sentence for people. */
export async function request(path, body, method = body === undefined ? "GET" : "POST") {
  const options = { method, cache: "no-store" };
  if (method === "POST") Object.assign(options, packed(body));
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new RequestRefused("The exchange does not answer.");
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new RequestRefused(answer.error || `The exchange refused (${response.status}).`);
  return answer;
}

function packed(body) {
  if (body instanceof Blob) return { body, headers: { "Content-Type": body.type } };
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

/** Where one handset stands, or something under it. */
export function handsetPath(number, ...rest) {
  return ["/handsets", encodeURIComponent(number), ...rest].join("/");
}
