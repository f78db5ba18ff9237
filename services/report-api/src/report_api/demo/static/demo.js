// The demo page: simulated readers are sent to a picture, and the panel tells what quorum makes of it.

import { eventsAfter, imageStatus, sendWave } from "./api.js";
import { Panel } from "./panel.js";
import { becomeAnother, thisReader } from "./reader.js";

const POLL_MS = 1000;
const HURRIED_POLL_MS = 250;
const BETWEEN_WAVES_MS = 250;
const IMAGE_EVENT = /^quorum\.image\.(blocked|held|released|unblocked)\.v1$/;

const data = JSON.parse(document.querySelector("#data").textContent);
const panel = new Panel(data);
const notice = document.querySelector("#notice");
const articles = new Map([...document.querySelectorAll("article")].map((article) => [article.dataset.image, article]));
const archived = new Map(); // what became of the pictures of the archive

let target = articles.values().next().value;
let cursor = data.cursor;
let busy = false;
let wake = () => {};

const pause = (milliseconds) =>
  new Promise((done) => {
    wake = done;
    setTimeout(done, milliseconds);
  });

async function choose(article) {
  target = article;
  for (const one of articles.values()) {
    one.querySelector(".choose").ariaPressed = String(one === article);
  }
  panel.begin(article.querySelector("h2").textContent);
  await look().catch(complain);
}

/** Read anew what is known of the chosen picture. */
async function look() {
  const { image } = target.dataset;
  const [{ events }, status] = await Promise.all([eventsAfter(data.beginning, image), imageStatus(image)]);
  if (image !== target.dataset.image) return;
  panel.showEvent(events.at(-1) ?? null);
  panel.showStatus(status);
}

async function send(crew) {
  if (busy) return;
  busy = true;
  const { edition, crews } = data;
  const { picture } = target.dataset;
  try {
    for (let wave = 0; wave < crews[crew].waves; wave++) {
      if (wave) await new Promise((done) => setTimeout(done, BETWEEN_WAVES_MS));
      await sendWave(crew, edition, picture, wave);
      wake();
    }
    notice.textContent = "";
  } catch {
    notice.textContent = data.text.failed;
  }
  busy = false;
}

function take(event) {
  const [, kind] = IMAGE_EVENT.exec(event.type) ?? [];
  if (!kind) return;
  const button = articles.get(event.subject)?.querySelector("quorum-report");
  button?.setAttribute("image", event.subject); // the button looks anew whether to hide its picture
  if (event.subject.startsWith(`demo-${data.edition}-archive-`)) archived.set(event.subject, kind);
}

async function listen() {
  const news = await eventsAfter(cursor);
  cursor = news.cursor;
  news.events.forEach(take);
  const kinds = [...archived.values()];
  panel.showArchive(kinds.filter((kind) => kind === "blocked").length, kinds.filter((kind) => kind === "held").length);
  await look();
}

function complain(error) {
  if (error.status === 410) cursor = error.problem.oldest; // what came before it, the states tell
  else notice.textContent = data.text.stale;
}

async function keepListening() {
  for (;;) {
    if (document.visibilityState === "visible") {
      try {
        await listen();
        if (notice.textContent === data.text.stale) notice.textContent = "";
      } catch (error) {
        complain(error);
      }
    }
    await pause(busy ? HURRIED_POLL_MS : POLL_MS);
  }
}

const reader = thisReader();
document.querySelector("#reader").value = reader.number;
document.querySelector("#another").addEventListener("click", becomeAnother);
for (const button of document.querySelectorAll("quorum-report")) {
  button.setAttribute("token-url", new URL(`../readers/${reader.id}`, import.meta.url));
}
for (const article of articles.values()) {
  article.querySelector(".choose").addEventListener("click", () => {
    choose(article);
    document.querySelector("aside").scrollIntoView({ block: "nearest" });
  });
}
for (const button of document.querySelectorAll("[data-crew]")) {
  button.addEventListener("click", () => {
    if (!busy) panel.explain(button.dataset.why);
    send(button.dataset.crew);
  });
}
choose(target);
keepListening();
