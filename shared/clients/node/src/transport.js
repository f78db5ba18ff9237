import { setTimeout as sleep } from "node:timers/promises";

import { Unavailable } from "./errors.js";
import { AGAIN, refusal, retryAfterSeconds, waitBefore } from "./refusals.js";

const MAX_ANSWER_BYTES = 64 * 2 ** 20; // a page of a thousand events has a few
const MAX_REFUSAL_BYTES = 65_536;

/** HTTP with an end: every call has a time by which it is over, and an answer a size beyond which it is not read. */
export class Transport {
  #headers;
  #seconds;

  constructor(key, seconds) {
    this.#headers = key ? { authorization: `Bearer ${key}` } : {};
    this.#seconds = seconds;
  }

  /** Return a good answer; what may be tried again is, after the time that the server tells. */
  async ask(method, url, { body, headers = {}, wait = 0, signal } = {}) {
    const sent = this.#sent(body === undefined ? headers : { "content-type": "application/json", ...headers });
    for (let attempt = 1; ; attempt += 1) {
      let problem;
      let told = null;
      try {
        const answer = await this.#once(method, url, { body, headers: sent, seconds: this.#seconds + wait, signal });
        if (answer.status >= 200 && answer.status < 300) return answer;
        problem = refusal(answer.status, answer.headers, answer.text);
        if (!AGAIN.has(answer.status)) throw problem;
        told = retryAfterSeconds(answer.headers.get("retry-after"));
      } catch (error) {
        signal?.throwIfAborted();
        if (error === problem) throw error;
        problem = unreachable(url, error);
      }
      const pause = waitBefore(attempt, told);
      if (pause === null) throw problem;
      await sleep(pause * 1000, undefined, { signal });
    }
  }

  /** Yield an endless answer as it comes; it ends with an error, also after `silence` seconds without a byte. */
  async *pieces(url, headers, { silence, signal }) {
    const end = new End(signal);
    const sent = this.#sent(headers);
    try {
      end.within(this.#seconds);
      const response = await fetch(url, {
        headers: sent,
        redirect: "manual",
        signal: end.signal,
      });
      if (!response.ok) {
        throw refusal(response.status, response.headers, await readText(response, MAX_REFUSAL_BYTES));
      }
      for await (const piece of response.body) {
        end.paused(); // while the reader works
        yield piece;
        end.within(silence);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw isOurs(error) ? error : unreachable(url, error);
    } finally {
      end.now();
    }
    throw new Unavailable(`${place(url)} ended the stream`);
  }

  /** The headers of a request. Throws TypeError for a line break in one. */
  #sent(headers) {
    return new Headers({ ...this.#headers, ...headers });
  }

  async #once(method, url, { body, headers, seconds, signal }) {
    const end = new End(signal);
    try {
      end.within(seconds);
      const response = await fetch(url, {
        method,
        body: body === undefined ? undefined : JSON.stringify(body),
        headers,
        redirect: "manual",
        signal: end.signal,
      });
      return { status: response.status, headers: response.headers, text: await readText(response, MAX_ANSWER_BYTES) };
    } finally {
      end.never();
    }
  }
}

/** Ends a request: after a time, or when the caller's signal says so. */
class End {
  #controller = new AbortController();
  #given;
  #timer;
  #obey = () => this.#controller.abort(this.#given.reason);

  constructor(given) {
    this.#given = given;
    if (given?.aborted) this.#obey();
  }

  get signal() {
    return this.#controller.signal;
  }

  within(seconds) {
    this.#given?.addEventListener("abort", this.#obey); // once, however often it is added
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  }

  paused() {
    clearTimeout(this.#timer);
  }

  never() {
    this.paused();
    this.#given?.removeEventListener("abort", this.#obey);
  }

  now() {
    this.never();
    this.#controller.abort();
  }
}

async function readText(response, most) {
  const pieces = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > most) throw new Error(`the answer has more than ${most} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function unreachable(url, error) {
  const cause = error?.cause?.code ?? error?.cause?.message ?? error?.message;
  return new Unavailable(`${place(url)} cannot be reached: ${cause}`, null, { cause: error });
}

function isOurs(error) {
  return error instanceof Error && ["ApiError", "CursorExpired", "Unavailable"].includes(error.name);
}

function place(url) {
  return url.split("?")[0];
}
