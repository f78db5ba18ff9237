// Draws the charts of the last hour and keeps them fresh; says when the console does not answer. The verdict and the numbers
// are kept fresh by htmx.

import { draw } from "./charts.js";

const EVERY_MS = 5_000;
const TIMEOUT_MS = 5_000;

const charts = document.querySelector("[data-points]");
const unreachable = document.getElementById("unreachable");
const numbers = () => document.getElementById("numbers");
const patterns = { per_second: charts.dataset.perSecond, per_minute: charts.dataset.perMinute };

function show({ charts: series, latest, span }) {
  for (const figure of charts.querySelectorAll("[data-chart]")) {
    const { chart, unit, least, unknown } = figure.dataset;
    figure.dataset.said = latest[chart];
    if (!figure.matches(":hover")) figure.querySelector(".value").textContent = latest[chart];
    draw(figure, { data: series[chart], lines: [chart], unit, least: Number(least), span, patterns, unknown });
  }
}

async function ask() {
  try {
    const answer = await fetch(charts.dataset.points, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
    if (answer.ok) show(await answer.json());
  } catch {
    // what is drawn stays; that nothing answers is said above
  }
  setTimeout(ask, EVERY_MS);
}

function answers(well) {
  if (unreachable.hidden !== well) unreachable.hidden = well; // a screen reader hears changes only
  numbers()?.classList.toggle("old", !well);
}

document.body.addEventListener("htmx:sendError", () => answers(false));
document.body.addEventListener("htmx:timeout", () => answers(false));
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr.status > 0) answers(detail.xhr.status < 500);
});

ask();
