// The demo page: readers report pictures, and a picture is hidden when its block event comes.

import { eventsAfter } from "./api.js";
import { Card } from "./card.js";
import { Reader } from "./reader.js";

const POLL_MS = 1000;
const BLOCKED = "quorum.image.blocked.v1";

const reader = new Reader();
const dialog = document.querySelector("dialog");
const notice = document.querySelector("#notice");
const number = document.querySelector("#reader");
const cards = new Map();

let cursor = document.body.dataset.cursor;
let known = false; // whether the pictures' states have been read since the cursor was taken

let answer = null; // takes the reader's reason, or null, while the dialog is open

// `submit` and `cancel` come before the dialog closes; its `close` may come only after it has been opened again.
function askReason(headline) {
  dialog.querySelector("#about").textContent = headline;
  dialog.showModal();
  return new Promise((settled) => {
    answer = settled;
  });
}

function settle(reason) {
  answer?.(reason);
  answer = null;
}

dialog.addEventListener("cancel", () => settle(null));
dialog.querySelector("form").addEventListener("submit", (event) => {
  settle(event.submitter.value === "send" ? new FormData(event.target).get("reason") : null);
});

function refresh(chosen) {
  return Promise.all([...cards.values()].filter(chosen).map((card) => card.refresh()));
}

async function listen() {
  if (!known) await refresh(() => true);
  known = true;
  const news = await eventsAfter(cursor);
  for (const event of news.events) {
    if (event.type === BLOCKED) cards.get(event.subject)?.block();
  }
  cursor = news.cursor;
  await refresh((card) => card.watched);
}

async function keepListening() {
  if (document.visibilityState === "visible") {
    try {
      await listen();
      notice.textContent = "";
    } catch (error) {
      if (error.status === 410) cursor = error.problem.oldest; // what came before it, the states tell
      else notice.textContent = document.body.dataset.stale;
      known = false;
    }
    document.documentElement.classList.add("ready");
  }
  setTimeout(keepListening, POLL_MS);
}

for (const article of document.querySelectorAll("article")) {
  const card = new Card(article, reader, askReason);
  cards.set(card.image, card);
}

number.value = reader.number;
document.querySelector("#another").addEventListener("click", () => {
  reader.becomeAnother();
  number.value = reader.number;
  for (const card of cards.values()) card.forget();
});

keepListening();
