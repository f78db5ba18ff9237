// A story's card: its picture, its report button, and what became of the report.

import { imageStatus, Refused, sendReport } from "./api.js";

const page = document.body.dataset;
const digits = new Intl.NumberFormat(`${document.documentElement.lang}-u-nu-latn`);

function inWords(error) {
  if (!(error instanceof Refused)) return page.unreachable;
  return error.status === 503 ? page.unavailable : page.failed;
}

export class Card {
  #article;

  /** `askReason` takes the headline and returns the reader's reason, or null; `reader` is who reports. */
  constructor(article, reader, askReason) {
    this.#article = article;
    this.reader = reader;
    this.watched = false; // whether the score on show may be about to change
    this.#part(".report").addEventListener("click", () => this.#ask(askReason));
    this.#part(".retry").addEventListener("click", () => this.#retry());
  }

  get image() {
    return this.#article.dataset.image;
  }

  get blocked() {
    return !this.#part(".blocked").hidden;
  }

  block() {
    this.#part("img").hidden = true;
    this.#part(".blocked").hidden = false;
    this.#part(".report").ariaDisabled = "true"; // not disabled: that would take the focus away from the reader
  }

  forget() {
    this.#say("");
  }

  async refresh() {
    const { score, state, reporters } = await imageStatus(this.image);
    if (reporters > 0) {
      const values = { "{score}": digits.format(score), "{threshold}": digits.format(page.threshold) };
      this.#part(".score").textContent = page.points.replace(/\{\w+\}/g, (name) => values[name]);
    }
    if (state === "blocked") {
      this.block();
      this.watched = false;
    }
  }

  async #ask(askReason) {
    if (this.blocked) return;
    this.#say("");
    this.reason = await askReason(this.#part("h2").textContent);
    if (this.reason) await this.#send();
  }

  async #retry() {
    this.#part(".report").focus();
    await this.#send();
  }

  async #send() {
    this.#say("");
    try {
      this.#say(await this.reader.with((token) => sendReport(token, this.image, this.reason)));
      this.watched = true;
    } catch (error) {
      this.#say(inWords(error), true);
    }
  }

  #say(words, failed = false) {
    const answer = this.#part(".answer");
    answer.textContent = words;
    answer.classList.toggle("failed", failed);
    this.#part(".retry").hidden = !failed;
  }

  #part(selector) {
    return this.#article.querySelector(selector);
  }
}
