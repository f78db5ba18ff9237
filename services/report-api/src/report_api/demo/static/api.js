// What the page asks of quorum and, for a reader's token, of the site's backend, which the demo plays.

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail);
    this.status = status;
    this.problem = problem;
  }
}

// The page may lie below a path: what it asks for lies there, too.
const ROOT = new URL("../..", import.meta.url);

async function call(path, options) {
  const answer = await fetch(new URL(path, ROOT), options);
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

async function post(path, options) {
  return (await call(path, { method: "POST", ...options })).json();
}

/** Return a reader as {reader, token}: a fresh one, or a known one with a fresh token. */
export function nameReader(known) {
  return post(known ? `demo/readers/${known}` : "demo/readers");
}

/** Report an image; return the text that thanks the reader, in the page's language. */
export async function sendReport(token, image, reason) {
  const headers = {
    "Content-Type": "application/json",
    "Accept-Language": document.documentElement.lang,
    Authorization: `Bearer ${token}`,
  };
  return (await post("v1/reports", { headers, body: JSON.stringify({ image_id: image, reason }) })).message;
}

/** Return what became of an image. */
export async function imageStatus(image) {
  return (await call(`v1/images/${encodeURIComponent(image)}`)).json();
}

/** Return the events after a cursor and the cursor to go on from. */
export async function eventsAfter(cursor) {
  const answer = await call(`v1/events?after=${encodeURIComponent(cursor)}`);
  return { events: await answer.json(), cursor: answer.headers.get("Quorum-Cursor") };
}
