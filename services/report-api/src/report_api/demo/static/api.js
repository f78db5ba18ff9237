// What the page asks of quorum and, to send simulated readers, of the site's backend, which the demo plays.

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

/** Let a wave of a crew report a picture. */
export async function sendWave(crew, edition, picture, wave) {
  const query = new URLSearchParams({ crew, edition, picture, wave });
  await call(`demo/reports?${query}`, { method: "POST" });
}

/** Return what became of an image. */
export async function imageStatus(image) {
  return (await call(`v1/images/${encodeURIComponent(image)}`)).json();
}

/** Return the events after a cursor, of one image where it is named, and the cursor to go on from. */
export async function eventsAfter(after, subject) {
  const query = new URLSearchParams(subject ? { after, subject } : { after });
  const answer = await call(`v1/events?${query}`);
  return { events: await answer.json(), cursor: answer.headers.get("Quorum-Cursor") };
}
