// Who is reading: kept for the browser tab, so that a reload or another language does not make a new reader.

import { nameReader, Refused } from "./api.js";

const KEY = "quorum-demo-reader";
const FIRST = { number: 1 };

export class Reader {
  #is = JSON.parse(sessionStorage.getItem(KEY)) ?? FIRST;
  #naming = null;

  get number() {
    return this.#is.number;
  }

  becomeAnother() {
    this.#set({ number: this.number + 1 });
  }

  /** Return what `act` does with the reader's token; name the reader anew when the token has expired. */
  async with(act) {
    const token = this.#is.token ?? (await this.#name());
    try {
      return await act(token);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 401)) throw error;
      return act(await this.#name());
    }
  }

  /** Return a token, asked for once however many reports wait for it: asking twice would make two readers of one. */
  #name() {
    const is = this.#is;
    if (this.#naming?.is !== is) this.#naming = { is, token: this.#ask(is) };
    return this.#naming.token;
  }

  async #ask(is) {
    try {
      const { reader, token } = await nameReader(is.reader);
      if (this.#is === is) this.#set({ ...is, reader, token });
      return token;
    } finally {
      if (this.#naming?.is === is) this.#naming = null;
    }
  }

  #set(is) {
    this.#is = is;
    sessionStorage.setItem(KEY, JSON.stringify(is));
  }
}
