// What the conformance test asks of a client (tests/e2e/clients): commands as lines of JSON on standard input, an answer
// to each on standard output. node driver.mjs verify | calls URL KEY [STREAM_URL] | keep URL KEY FILE
import { createInterface } from "node:readline";

import { ApiError, Blocklist, Client, CursorExpired, InvalidWebhook, Unavailable, verify } from "../index.js";

const [, , mode, url, key, last] = process.argv;

const timeout = Number(process.env.TIMEOUT ?? 5); // seconds that a call may take

const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function kindOf(error) {
  if (error instanceof InvalidWebhook) return { kind: "webhook", why: error.why };
  if (error instanceof ApiError) return { kind: "api", status: error.status, retry_after: error.retryAfter };
  if (error instanceof CursorExpired) return { kind: "expired" };
  if (error instanceof Unavailable) return { kind: "unavailable", retry_after: error.retryAfter };
  return { kind: error.name, message: error.message };
}

async function take(events, count) {
  const taken = [];
  for await (const event of events) {
    taken.push([event.type, event.subject, event.cursor]);
    if (taken.length === count) break;
  }
  return taken;
}

function calls() {
  const client = new Client(url, key, { timeout, streamUrl: last });
  const blocklist = new Blocklist(client);
  return {
    report: ({ image_id, reason, reporter_id, language }) => client.report(image_id, reason, reporter_id, { language }),
    status: async ({ id }) => (await client.status(id)).state,
    statuses: async ({ ids }) => (await client.statuses(ids)).map((one) => [one.image_id, one.state]),
    snapshot: async () => [...(await client.snapshot()).images.keys()].sort(),
    events: async ({ after = null, types = [], subject = null, wait = 0 }) => {
      const page = await client.events(after, { types, subject, wait });
      return { events: page.events.map((one) => [one.type, one.subject, one.cursor]), cursor: page.cursor };
    },
    follow: ({ after = null, types = [], count }) => take(client.follow(after, { types }), count),
    stream: ({ after = null, types = [], count }) => take(client.stream(after, { types }), count),
    sync: async () => {
      await blocklist.sync();
      return [...blocklist.images()].sort();
    },
    blocked: async ({ ids }) => {
      const found = await blocklist.lookUp(ids);
      return ids.map((one) => found.get(one) && blocklist.has(one));
    },
  };
}

async function answerLines(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      tell({ ok: await answer(JSON.parse(line)) });
    } catch (error) {
      tell({ error: kindOf(error) });
    }
  }
}

if (mode === "keep") {
  const blocklist = new Blocklist(new Client(url, key, { timeout }), { path: last });
  tell({ from: blocklist.cursor });
  await blocklist.run({ onEvents: () => tell({ at: blocklist.cursor }) });
} else if (mode === "verify") {
  await answerLines(({ secrets, headers, body_base64, now }) => {
    const event = verify(secrets, headers, Buffer.from(body_base64, "base64"), { now });
    return [event.id, event.type, event.subject];
  });
} else {
  const known = calls();
  await answerLines(({ call, ...given }) => known[call](given));
}
