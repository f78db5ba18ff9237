import { setTimeout as sleep } from "node:timers/promises";

import { CursorExpired, Unavailable } from "./errors.js";
import { pauseAfter } from "./refusals.js";
import { readSent } from "./sse.js";
import { Transport } from "./transport.js";

export const BLOCKED = "quorum.image.blocked.v1";
export const UNBLOCKED = "quorum.image.unblocked.v1";
export const DELETED = "quorum.image.deleted.v1";
export const WAIT_SECONDS = 10; // of the feed, for the first event
const SILENCE_SECONDS = 45; // a stream tells something every 15 s
const PAGE = 1000;

/** Talks to one quorum. Types and errors: index.d.ts. */
export class Client {
  #url;
  #streamUrl;
  #transport;
  urlRulesVersion = null;

  constructor(url, key = null, { timeout = 10, streamUrl = null } = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#streamUrl = streamUrl ?? `${this.#url}/v1/events/stream`;
    for (const one of [this.#url, this.#streamUrl]) new URL(one); // throws TypeError
    this.#transport = new Transport(key, timeout);
  }

  async report(imageId, reason, reporterId = null, { language = "en", ...more } = {}) {
    const body = { image_id: imageId, reason, ...(reporterId === null ? {} : { reporter_id: reporterId }), ...more };
    const answer = await this.#ask("POST", "/v1/reports", body, { "accept-language": language });
    return understood(() => text(answer.message));
  }

  async status(imageId) {
    return understoodStatus(await this.#ask("GET", `/v1/images/${encodeURIComponent(imageId)}`));
  }

  async statuses(imageIds) {
    const answer = await this.#ask("POST", "/v1/images/status", { image_ids: [...imageIds] });
    return understood(() => answer.images.map(understoodStatus));
  }

  async snapshot({ signal } = {}) {
    const images = new Map();
    const query = new URLSearchParams({ limit: PAGE });
    for (;;) {
      const { json } = await this.#listed(`/v1/blocklist?${query}`, { signal });
      understood(() => json.images.forEach((one) => images.set(text(one.image_id), new Date(one.blocked_at))));
      if (json.next === null) return { images, cursor: understood(() => text(json.cursor)) };
      query.set("page", json.next);
    }
  }

  async events(after = null, { limit = 100, wait = 0, types = [], subject = null, signal } = {}) {
    const query = new URLSearchParams({ limit, wait, ...(after === null ? {} : { after }) });
    for (const type of types) query.append("type", type);
    if (subject !== null) query.set("subject", subject);
    const { json, headers } = await this.#listed(`/v1/events?${query}`, { wait, signal });
    return understood(() => ({ events: json.map(understoodEvent), cursor: text(headers.get("quorum-cursor")) }));
  }

  async *follow(after = null, { types = [], signal } = {}) {
    for (;;) {
      let page;
      try {
        page = await this.events(after, { wait: WAIT_SECONDS, types, signal });
      } catch (error) {
        await sleep(pauseAfter(error) * 1000, undefined, { signal });
        continue;
      }
      yield* page.events;
      after = page.cursor;
    }
  }

  async *stream(after = null, { types = [], signal } = {}) {
    const query = new URLSearchParams(types.map((type) => ["type", type])).toString();
    const url = query ? `${this.#streamUrl}?${query}` : this.#streamUrl;
    for (;;) {
      const headers = { accept: "text/event-stream", ...(after ? { "last-event-id": after } : {}) };
      const pieces = this.#transport.pieces(url, headers, { silence: SILENCE_SECONDS, signal });
      try {
        for await (const sent of readSent(pieces, after ?? "")) {
          if (sent.kind === "expired") throw new CursorExpired();
          if (sent.id) after = sent.id;
          if (sent.data) yield understood(() => understoodEvent({ ...JSON.parse(sent.data), cursor: sent.id }));
        }
      } catch (error) {
        await sleep(pauseAfter(error) * 1000, undefined, { signal });
      }
    }
  }

  async #listed(path, options) {
    const { text: body, headers } = await this.#transport.ask("GET", this.#url + path, options);
    this.urlRulesVersion = headers.get("quorum-url-rules");
    return { json: understood(() => JSON.parse(body)), headers };
  }

  async #ask(method, path, body, headers = {}) {
    const { text: answer } = await this.#transport.ask(method, this.#url + path, { body, headers });
    return understood(() => JSON.parse(answer));
  }
}

/** Turn an answer that is none of quorum's (a proxy's page, an event of another form) into Unavailable. */
function understood(read) {
  try {
    return read();
  } catch (error) {
    throw new Unavailable(`the answer is none of quorum's: ${error.message}`, null, { cause: error });
  }
}

function understoodStatus(status) {
  return understood(() => ({ ...status, image_id: text(status.image_id), state: text(status.state) }));
}

function understoodEvent(event) {
  for (const name of ["id", "type", "subject", "time", "cursor"]) text(event[name]);
  return event;
}

function text(value) {
  if (typeof value !== "string") throw new TypeError("a text is missing");
  return value;
}
