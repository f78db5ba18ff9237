// The demo page's side of quorum: it reports with the reader's token, shows what the API answers, and hides a picture
// when its block event comes.

const POLL_MS = 700;
const EVENTS = "/v1/events";
const BLOCKED = "quorum.image.blocked.v1";

const page = document.body.dataset;
const articles = new Map([...document.querySelectorAll("article")].map((article) => [article.dataset.image, article]));
const dialog = document.querySelector("dialog");
const reader = document.querySelector("#reader");

let token = null;
let cursor = page.cursor;

async function readerToken() {
  if (token === null) {
    const answer = await fetch(`/demo/readers/${reader.value}`, { method: "POST" });
    if (!answer.ok) throw new Error(answer.status);
    token = (await answer.json()).token;
  }
  return token;
}

async function sendReport(image, reason) {
  return fetch("/v1/reports", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Accept-Language": document.documentElement.lang,
      Authorization: `Bearer ${await readerToken()}`,
    },
    body: JSON.stringify({ image_id: image, reason }),
  });
}

async function report(article, reason) {
  const image = article.dataset.image;
  let answer = await sendReport(image, reason);
  if (answer.status === 401) {
    token = null; // it has expired: the site names its reader anew
    answer = await sendReport(image, reason);
  }
  if (answer.status === 202) {
    say(article, (await answer.json()).message);
  } else {
    say(article, answer.status === 503 ? page.unavailable : page.failed, true);
  }
}

function say(article, message, problem = false) {
  const line = article.querySelector(".answer");
  line.textContent = message;
  line.classList.toggle("problem", problem);
}

function hide(article) {
  article.querySelector("img").hidden = true;
  article.querySelector(".blocked").hidden = false;
  article.querySelector(".report").disabled = true;
}

async function refresh(article) {
  const answer = await fetch(`/v1/images/${encodeURIComponent(article.dataset.image)}`);
  if (!answer.ok) return;
  const status = await answer.json();
  if (status.reporters > 0) {
    const score = article.querySelector(".score");
    score.querySelector("b").textContent = status.score;
    score.hidden = false;
  }
  if (status.state === "blocked") hide(article);
}

async function choose(article) {
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  if (dialog.returnValue !== "send") return;
  const button = article.querySelector(".report");
  button.disabled = true;
  try {
    await report(article, new FormData(dialog.querySelector("form")).get("reason"));
  } catch {
    say(article, page.failed, true);
  } finally {
    button.disabled = !article.querySelector(".blocked").hidden;
  }
}

async function listen() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(`${EVENTS}?after=${encodeURIComponent(cursor)}`);
      if (answer.ok) {
        cursor = answer.headers.get("Quorum-Cursor");
        for (const event of await answer.json()) {
          const article = articles.get(event.subject);
          if (article && event.type === BLOCKED) hide(article);
        }
      }
      await Promise.all([...articles.values()].filter((article) => article.dataset.watched).map(refresh));
    } catch {
      // The next round tries again; nothing on the page depends on this one.
    }
  }
  setTimeout(listen, POLL_MS);
}

for (const article of articles.values()) {
  article.querySelector(".report").addEventListener("click", async () => {
    article.dataset.watched = "true";
    await choose(article);
  });
}

document.querySelector("#another").addEventListener("click", () => {
  reader.value = Number(reader.value) + 1;
  token = null;
  for (const article of articles.values()) say(article, "");
});

await Promise.allSettled([...articles.values()].map(refresh));
listen();
