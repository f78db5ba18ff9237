// Draws charts: lines or bars over time, whose axes have values of the reader's language with their units.
// Each line has a dash of its own, so that colour is not needed to tell them apart. Times are in UTC.

import uPlot from "./vendor/uplot.js";

const language = document.documentElement.lang;
const TRACES = ["--trace-1", "--trace-2", "--trace-3"];
const DASHES = [[], [7, 4], [2, 3]];
const DAY = 86_400;
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, DAY];
const STEPS = {
  count: decimals(0),
  per_second: decimals(-3),
  per_minute: decimals(-3),
  share: decimals(-3),
  bytes: decimals(0),
  seconds: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, ...SECONDS, ...[2, 5, 10, 20, 50, 100].map((n) => n * DAY)],
};
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
const moments = { hour: clock, day };

// A canvas writes from left to right; a value keeps the direction of the page.
function inPage(text) {
  return document.documentElement.dir === "rtl" ? `\u2067${text}\u2069` : text;
}

function decimals(from) {
  return Array.from({ length: 13 - from }, (_, place) => 10 ** (from + place)).flatMap((power) => [power, 2 * power, 5 * power]);
}

// Returns the ticks of an axis: zero, and up to four even steps; the last is not below the value.
function ticksUpTo(unit, value) {
  const step = STEPS[unit].find((one) => value / one <= 4.001) ?? STEPS[unit].at(-1);
  return Array.from({ length: Math.max(1, Math.ceil(value / step - 0.001)) + 1 }, (_, place) => place * step);
}

function unitOf(unit, size) {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumSignificantDigits: 3 }).format(size);
}

// Returns how the values of an axis are written: in one unit for all of them, that of the largest.
function writer(unit, largest, patterns) {
  if (unit === "seconds") {
    const [name, size] = [["day", DAY], ["hour", 3600], ["minute", 60]].find(([, size]) => largest >= 2 * size) ?? ["second", 1];
    return (value) => unitOf(name, value / size);
  }
  if (unit === "bytes") {
    const [name, size] = [["gigabyte", 1e9], ["megabyte", 1e6], ["kilobyte", 1e3]].find(([, size]) => largest >= size) ?? ["byte", 1];
    return (value) => unitOf(name, value / size);
  }
  if (unit === "share") return new Intl.NumberFormat(language, { style: "percent" }).format;
  const plain = new Intl.NumberFormat(language, { maximumSignificantDigits: 4, notation: largest >= 1e5 ? "compact" : "standard" });
  return (value) => (patterns[unit] ?? "#").replace("#", plain.format(value));
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// An axis is as wide as the longest of its values.
function widthOf(plot, values) {
  plot.ctx.save();
  plot.ctx.font = plot.axes[1].font[0];
  const longest = Math.max(0, ...(values ?? []).map((value) => plot.ctx.measureText(value ?? "").width));
  plot.ctx.restore();
  return Math.ceil(longest / devicePixelRatio) + 16;
}

// Whole days: as many of them have a name as there is room for, the newest always.
function dayTicks(plot) {
  const days = plot.data[0];
  const step = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor(plot.bbox.width / devicePixelRatio / 70))));
  return days.filter((_, place) => (days.length - 1 - place) % step === 0);
}

function options(figure, chart, size) {
  const { unit, bars } = chart;
  const ink = colour("--quiet");
  const grid = { stroke: colour("--line"), width: 1 };
  const font = "12px 'Noto Sans', 'Noto Sans Arabic', system-ui, sans-serif";
  const output = figure.querySelector(".value");
  const per = chart.per ?? "hour";
  const written = (values) => writer(unit, Math.max(0, ...values.filter((value) => value !== null)), chart.patterns ?? {});
  return {
    ...size,
    padding: [10, chart.per === "day" ? 30 : 16, 0, 4],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: {
      x: { range: () => (bars || per === "day" ? margins(chart.data[0]) : chart.span) },
      y: { range: (_plot, _least, most) => [0, ticksUpTo(unit, Math.max(chart.least, most ?? 0)).at(-1)] },
    },
    axes: [
      {
        font, stroke: ink, grid: { show: false }, ticks: { ...grid, size: 4 }, size: 30, space: 72,
        ...(per === "day" ? { splits: dayTicks } : {}),
        values: (_plot, ticks) => ticks.map((tick) => inPage(moments[per].format(tick * 1000))),
      },
      {
        font, stroke: ink, grid, ticks: { show: false }, gap: 6, size: widthOf,
        splits: (_plot, _axis, _least, most) => ticksUpTo(unit, most),
        values: (_plot, ticks) => ticks.map(written(ticks)).map(inPage),
      },
    ],
    series: [
      {},
      ...chart.lines.map((line, place) => ({
        label: line,
        stroke: colour(TRACES[place]),
        width: 2,
        dash: DASHES[place],
        fill: bars || chart.lines.length === 1 ? `${colour(TRACES[place])}${bars ? "cc" : "22"}` : undefined,
        ...(bars ? { paths: uPlot.paths.bars({ size: [0.7, 40] }), points: { show: false } } : {}),
        points: { show: bars ? false : per === "day", size: 5 },
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const place = plot.cursor.idx;
          if (output === null) return;
          figure.dataset.said ??= output.textContent;
          const known = place !== null && place !== undefined && plot.cursor.left >= 0;
          output.textContent = known ? said(chart, plot, place) : figure.dataset.said;
        },
      ],
    },
  };
}

function margins(times) {
  const half = times.length > 1 ? (times[1] - times[0]) / 2 : DAY / 2;
  return [times[0] - half, times.at(-1) + half];
}

function said(chart, plot, place) {
  const per = chart.per ?? "hour";
  const values = chart.lines.map((line, number) => {
    const value = plot.data[number + 1][place];
    const text = value === null || value === undefined ? chart.unknown : writer(chart.unit, value, chart.patterns ?? {})(value);
    return chart.lines.length > 1 ? `${line}: ${text}` : text;
  });
  return `\u2068${moments[per].format(plot.data[0][place] * 1000)}\u2069 · ${values.join(" · ")}`;
}

const drawn = new Map(); // figure -> its chart and plot

// Draws a chart into a figure, or its new data. A chart has `data` (times in seconds, then the values of each line), `lines`
// (their names), `unit`, `least` (of its scale), `span` (from, to) unless it is of days, `unknown`, and `bars`.
export function draw(figure, chart) {
  const before = drawn.get(figure);
  if (before) {
    Object.assign(before.chart, chart);
    before.plot.setData(chart.data);
    return;
  }
  const place = figure.querySelector(".plot");
  const made = { chart, plot: make(figure, place, chart) };
  drawn.set(figure, made);
  new ResizeObserver(() => made.plot.setSize(sizeOf(place))).observe(place);
}

function make(figure, place, chart) {
  place.replaceChildren();
  return new uPlot(options(figure, chart, sizeOf(place)), chart.data, place);
}

function sizeOf(place) {
  return { width: place.clientWidth, height: place.clientHeight };
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [figure, made] of drawn) made.plot = make(figure, figure.querySelector(".plot"), made.chart);
});
