// What the page asks of quorum and, to send simulated readers, of the site's backend, which the demo plays.

export class Refused extends Error {
  constructor(answer, problem) {
    super(problem.detail);
    this.status = answer.status;
    this.problem = problem;
    this.retryAfterMs = 1000 * (Number(answer.headers.get("Retry-After")) || 1);
  }
}

// The page may lie below a path: what it asks for lies there, too.
const ROOT = new URL("../..", import.meta.url);

async function call(path, options) {
  const answer = await fetch(new URL(path, ROOT), options);
  if (!answer.ok) throw new Refused(answer, await answer.json().catch(() => ({})));
  return answer;
}

/** Let a wave of a crew report a picture; who reports more than one may in a minute waits for the next one. */
export async function sendWave(crew, edition, picture, wave) {
  const query = new URLSearchParams({ crew, edition, picture, wave });
  for (;;) {
    try {
      return await call(`demo/reports?${query}`, { method: "POST" });
    } catch (error) {
      if (error.status !== 429) throw error;
      await new Promise((done) => setTimeout(done, error.retryAfterMs));
    }
  }
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
