// Who is reading: kept for the browser tab, so that a reload or another language does not make a new reader.

import { nameReader, Refused } from "./api.js";

const KEY = "quorum-demo-reader";
const FIRST = { number: 1 };

export class Reader {
  #is = JSON.parse(sessionStorage.getItem(KEY)) ?? FIRST;

  get number() {
    return this.#is.number;
  }

  becomeAnother() {
    this.#set({ number: this.number + 1 });
  }

  /** Return what `act` does with the reader's token; name the reader anew when the token has expired. */
  async with(act) {
    if (!this.#is.token) await this.#name();
    try {
      return await act(this.#is.token);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 401)) throw error;
      await this.#name();
      return act(this.#is.token);
    }
  }

  async #name() {
    const { number } = this;
    const { reader, token } = await nameReader(this.#is.reader);
    this.#set({ number, reader, token });
  }

  #set(is) {
    this.#is = is;
    sessionStorage.setItem(KEY, JSON.stringify(is));
  }
}
