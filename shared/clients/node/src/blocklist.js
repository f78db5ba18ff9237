import { readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { BLOCKED, DELETED, UNBLOCKED, WAIT_SECONDS } from "./client.js";
import { ApiError, CursorExpired, UnknownSpelling } from "./errors.js";
import { LONGEST_PAUSE_SECONDS, pauseAfter } from "./refusals.js";

const MOST_NAMES = 100_000; // spellings of URLs that are remembered
const LOOK_UP = 1000; // ids in one call
const PLAIN_CHARACTERS = 512; // longer ids may be shortened by the server

/** What is blocked, in memory, kept up to date by the feed (list, then watch). Types: index.d.ts. */
export class Blocklist {
  #client;
  #path;
  #images = new Set();
  #cursor = null;
  #heard = null;
  #names = new Map();
  #namesVersion = null;
  #turn = Promise.resolve();

  constructor(client, { path = null } = {}) {
    this.#client = client;
    this.#path = path;
    this.#load();
  }

  get size() {
    return this.#images.size;
  }

  get cursor() {
    return this.#cursor;
  }

  get ageSeconds() {
    return this.#heard === null ? null : (performance.now() - this.#heard) / 1000;
  }

  images() {
    return new Set(this.#images);
  }

  has(imageId) {
    const name = isPlain(imageId) ? imageId.normalize("NFC") : this.#names.get(imageId);
    if (name === undefined) throw new UnknownSpelling(`which image is ${imageId}? await lookUp([...]) first`);
    return this.#images.has(name);
  }

  async lookUp(imageIds) {
    const asked = [...imageIds];
    const unknown = [...new Set(asked)].filter((one) => !isPlain(one) && !this.#names.has(one));
    const found = new Map(this.#names);
    for (let start = 0; start < unknown.length; start += LOOK_UP) {
      const some = unknown.slice(start, start + LOOK_UP);
      const statuses = await this.#client.statuses(some);
      some.forEach((one, number) => found.set(one, statuses[number].image_id));
    }
    this.#remember(unknown, found);
    return new Map(asked.map((one) => [one, this.#images.has(isPlain(one) ? one.normalize("NFC") : found.get(one))]));
  }

  sync({ wait = 0, signal } = {}) {
    const mine = this.#turn.then(() => this.#sync(wait, signal));
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async run({ signal, onEvents = () => {}, onTrouble = () => {} } = {}) {
    while (!signal?.aborted) {
      try {
        onEvents(await this.sync({ wait: WAIT_SECONDS, signal }));
      } catch (error) {
        if (signal?.aborted) return;
        onTrouble(error);
        await sleep(pause(error) * 1000, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #sync(wait, signal) {
    let events = [];
    if (this.#cursor === null) {
      await this.#replace(signal);
    } else {
      try {
        const page = await this.#client.events(this.#cursor, { limit: 1000, wait, signal });
        events = page.events;
        events.forEach((event) => this.#apply(event));
        const changed = page.cursor !== this.#cursor;
        this.#cursor = page.cursor;
        if (changed) await this.#save();
      } catch (error) {
        if (!isLost(error)) throw error;
        await this.#replace(signal);
      }
    }
    if (this.#client.urlRulesVersion !== this.#namesVersion) {
      this.#names.clear();
      this.#namesVersion = this.#client.urlRulesVersion;
    }
    this.#heard = performance.now();
    return events;
  }

  async #replace(signal) {
    const { images, cursor } = await this.#client.snapshot({ signal });
    this.#images = new Set(images.keys());
    this.#cursor = cursor;
    await this.#save();
  }

  #apply(event) {
    if (event.type === BLOCKED) this.#images.add(event.subject);
    else if (event.type === UNBLOCKED || event.type === DELETED) this.#images.delete(event.subject);
  }

  #remember(spellings, found) {
    for (const one of spellings) {
      this.#names.set(one, found.get(one));
      if (this.#names.size > MOST_NAMES) this.#names.delete(this.#names.keys().next().value);
    }
  }

  #load() {
    if (this.#path === null) return;
    try {
      const { images, cursor } = JSON.parse(readFileSync(this.#path, "utf8"));
      if (typeof cursor !== "string" || !images.every((one) => typeof one === "string")) return;
      this.#images = new Set(images);
      this.#cursor = cursor;
    } catch {
      // not there yet, or damaged: the list is read anew
    }
  }

  async #save() {
    if (this.#path === null) return;
    const draft = `${this.#path}.draft`;
    const file = await open(draft, "w");
    try {
      await file.writeFile(JSON.stringify({ cursor: this.#cursor, images: [...this.#images].sort(), url_rules: null }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
  }
}

/** Whether the name of an image is the same however quorum's policy reads URLs. */
function isPlain(imageId) {
  return imageId.length <= PLAIN_CHARACTERS && !/^https?:\/\//i.test(imageId);
}

function isLost(error) {
  return error instanceof CursorExpired || (error instanceof ApiError && error.kind === "invalid-cursor");
}

function pause(error) {
  try {
    return pauseAfter(error);
  } catch {
    return LONGEST_PAUSE_SECONDS; // what no pause mends is asked again, too: a key may be given its rights
  }
}
