// What quorum makes of the reports of one picture: the tally, the verdict in a sentence, and the event as it goes out.

const digits = new Intl.NumberFormat(`${document.documentElement.lang}-u-nu-latn`, { maximumFractionDigits: 1 });
const HELD = "quorum.image.held.v1";

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function say(selector, words) {
  const place = document.querySelector(selector);
  if (place.textContent !== words) place.textContent = words; // the same words again would be read out again
}

export class Panel {
  #data;
  #event = null;

  constructor(data) {
    this.#data = data;
  }

  /** Begin anew with another picture. */
  begin(headline) {
    say("#target", headline);
    say("#why", "");
    this.showEvent(null);
  }

  explain(words) {
    say("#why", words);
  }

  showStatus({ state, score, reporters }) {
    const { text, threshold } = this.#data;
    const values = { score: digits.format(score), threshold: digits.format(threshold), people: digits.format(reporters) };
    say("#points", filled(text.points, values));
    say("#people", filled(text.people, values));
    document.querySelector("#tally meter").value = Math.min(score, threshold);
    document.querySelector("#verdict").dataset.state = state;
    say("#verdict", this.#verdict(state, reporters));
  }

  showEvent(event) {
    this.#event = event;
    const { cursor, ...sent } = event ?? {}; // which only says where the feed goes on
    const pre = document.querySelector("#event pre");
    pre.hidden = !event;
    pre.textContent = event ? JSON.stringify(sent, null, 2) : "";
    document.querySelector("#event p").hidden = Boolean(event);
  }

  showArchive(blocked, held) {
    const words = blocked + held ? filled(this.#data.text.archive, { blocked: digits.format(blocked), held: digits.format(held) }) : "";
    say("#archive", words);
  }

  #verdict(state, reporters) {
    const { states, causes } = this.#data;
    if (state === "open" && !reporters) return states.quiet;
    const cause = this.#event?.type === HELD && this.#event.data.cause;
    return state === "held" && causes[cause] ? `${states.held} ${causes[cause]}` : states[state];
  }
}
