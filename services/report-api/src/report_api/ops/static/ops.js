// Asks how quorum is doing every two seconds, says what is wrong and what to do, and draws the vital charts.

import { draw } from "./chart.js";

const EVERY_MS = 2000;
const TIMEOUT_MS = 5000;
const HOUR_MS = 3_600_000;
const SHORTEST_MS = 300_000; // a young quorum's charts show five minutes

const data = JSON.parse(document.getElementById("data").textContent);
const text = data.text;
const whole = new Intl.NumberFormat(data.language, { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat(data.language, { maximumSignificantDigits: 3 });
const share = new Intl.NumberFormat(data.language, { style: "percent", maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(data.language, { hour: "2-digit", minute: "2-digit" });
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

let points = null; // null until the history has come

function duration(seconds) {
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? units.at(-1);
  const format = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 };
  return new Intl.NumberFormat(data.language, format).format(seconds / size);
}

const large = {
  blocked: whole.format,
  held: whole.format,
  inbox: whole.format,
  dead: whole.format,
  webhooks: whole.format,
  sweep: (value) => (value === null ? text.never : duration(value)),
  uptime: duration,
  memory: (value) => (value === null ? text.no_limit : share.format(value)),
};

// Returns the growth per second of a count between two moments; null across a restart of the counts.
function rate(name, before, after) {
  const seconds = (after.at_ms - before.at_ms) / 1000;
  const growth = after[name] - before[name];
  return seconds > 0 && growth >= 0 ? growth / seconds : null;
}

// Returns below how many seconds 99 % of the events between two moments came; null when there were none.
function slowest(before, after) {
  const counts = after.event_delays.map((count, place) => count - before.event_delays[place]);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (!(all > 0)) return null;
  let seen = 0;
  const place = counts.findIndex((count) => (seen += count) >= all * 0.99);
  return data.bounds[Math.min(place, data.bounds.length - 1)];
}

const measures = {
  tallied: (before, after) => rate("tallied", before, after),
  counted: (before, after) => rate("counted", before, after),
  blocked: (before, after) => perMinute(rate("blocked", before, after)),
  held: (before, after) => perMinute(rate("held", before, after)),
  delay: slowest,
  depth: (_, after) => after.inbox_depth,
  age: (_, after) => after.inbox_age_seconds,
  memory: (_, after) => (after.memory_bytes === null ? null : after.memory_bytes / 1e6),
};

// The scale never shrinks below these, so that noise does not look like trouble.
const least = { tallied: 1, counted: 1, blocked: 1, held: 1, delay: 1, depth: 100, age: 10, memory: 10 };

function perMinute(value) {
  return value === null ? null : value * 60;
}

function say(kind, heading, findings) {
  const verdict = document.getElementById("verdict");
  verdict.className = kind;
  const title = verdict.querySelector("h2");
  if (title.textContent !== heading) title.textContent = heading; // a screen reader hears changes only
  const lines = findings.map(([what, todo, section, urgent]) => {
    const line = document.createElement("li");
    line.className = urgent ? "urgent" : "";
    const strong = document.createElement("strong");
    strong.textContent = what;
    const advice = document.createElement("div");
    advice.textContent = todo;
    line.append(strong, advice);
    if (section) {
      const small = document.createElement("small");
      small.textContent = text.runbook.replace("{section}", `\u2066docs/operations.md#${section}\u2069`);
      line.append(small);
    }
    return line;
  });
  const list = verdict.querySelector("ul");
  const now = lines.map((line) => line.textContent).join();
  if (list.dataset.shown !== now) {
    list.dataset.shown = now;
    list.replaceChildren(...lines);
  }
}

function judge(findings) {
  const lines = findings.map(({ name, urgent }) => [...data.findings[name], data.sections[name], urgent]);
  if (lines.length === 0) say("well", text.well, []);
  else if (findings.some(({ urgent }) => urgent)) say("wrong", text.wrong, lines);
  else say("note", text.note, lines);
}

function showNumbers(numbers) {
  for (const tile of document.querySelectorAll("[data-number]")) {
    const name = tile.dataset.number;
    tile.querySelector("dd").textContent = numbers ? large[name](numbers[name]) : "–";
  }
}

function showCharts() {
  const to = Date.now();
  const from = Math.max(to - HOUR_MS, Math.min(points[0].at_ms, to - SHORTEST_MS));
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const measure = measures[figure.dataset.chart];
    const samples = points.slice(1).map((after, place) => [after.at_ms, measure(points[place], after)]);
    const top = draw(figure.querySelector("svg"), samples, from, to, least[figure.dataset.chart]);
    const known = samples.filter(([, value]) => value !== null);
    figure.querySelector("output").textContent = known.length ? precise.format(known.at(-1)[1]) : text.none;
    figure.querySelector(".from").textContent = clock.format(from);
    figure.querySelector(".top").textContent = `↑ ${precise.format(top)}`;
    figure.querySelector(".to").textContent = clock.format(to);
  }
}

// What the workers note comes every ten seconds; between them what this page saw itself is enough for the newest value.
function remember(vitals) {
  const newest = points.at(-1);
  if (!newest || vitals.at_ms - newest.at_ms >= 9_000) points.push(vitals);
  while (points.length && points[0].at_ms < vitals.at_ms - HOUR_MS) points.shift();
}

async function ask() {
  try {
    const url = points === null ? "../state?history=1" : "../state"; // from this script, which may lie below a path
    const answer = await fetch(new URL(url, import.meta.url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const state = await answer.json();
    judge(state.findings);
    showNumbers(state.numbers);
    if (state.vitals) {
      points ??= state.points;
      remember(state.vitals);
      showCharts();
    }
  } catch {
    say("wrong", text.wrong, [[text.unreachable, text.unreachable_do, "api-down", true]]);
    showNumbers(null);
  }
  setTimeout(ask, EVERY_MS);
}

ask();
