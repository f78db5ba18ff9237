import { Unavailable } from "./errors.js";

const MAX_LINE_CHARACTERS = 2 ** 20;

/**
 * Yield what pieces of a stream of server-sent events hold (WHATWG HTML, 9.2.6), whole events only: `id` is where to
 * come back after; one without data only changes that.
 */
export async function* readSent(pieces, lastId = "") {
  let kind = "";
  let data = [];
  let changed = false;
  for await (const line of lines(pieces)) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (line === "") {
      if (data.length || changed) yield { id: lastId, kind, data: data.join("\n") };
      [kind, data, changed] = ["", [], false];
    } else if (name === "id" && !value.includes("\0")) {
      [lastId, changed] = [value, true];
    } else if (name === "event") {
      kind = value;
    } else if (name === "data") {
      data.push(value);
      if (data.reduce((sum, one) => sum + one.length, 0) > MAX_LINE_CHARACTERS) {
        throw new Unavailable("an event of the stream has no end");
      }
    }
  }
}

async function* lines(pieces) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of pieces) {
    const parts = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = parts.pop();
    for (const line of parts) yield line.replace(/\r$/, "");
    if (rest.length > MAX_LINE_CHARACTERS) throw new Unavailable("a line of the stream has no end");
  }
}
