// Draws one small chart: a line over the last hour, with gaps where nothing was noted.

const WIDTH = 320;
const HEIGHT = 96;
const GAP_MS = 45_000; // nothing was noted: no line is drawn across

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Returns the least "round" number that is not below the value: 1, 2 or 5 times a power of ten.
export function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.9999);
}

// `samples` are [Unix ms, value] in order, null where nothing is known; the scale goes up to `least` at least.
export function draw(svg, samples, from, to, least) {
  const known = samples.filter(([at, value]) => value !== null && at >= from);
  const top = ceiling(Math.max(least, ...known.map(([, value]) => value)));
  const x = (at) => ((at - from) / (to - from)) * WIDTH;
  const y = (value) => HEIGHT - (value / top) * HEIGHT;
  const runs = [];
  let last = -Infinity;
  for (const [at, value] of known) {
    if (at - last > GAP_MS) runs.push([]);
    runs.at(-1).push(`${x(at).toFixed(1)},${y(value).toFixed(1)}`);
    last = at;
  }
  const drawn = [0, HEIGHT / 2, HEIGHT].map((height) =>
    shape("line", { class: "grid", x1: 0, x2: WIDTH, y1: height, y2: height }),
  );
  for (const run of runs) {
    const first = run[0].split(",")[0];
    const end = run.at(-1).split(",")[0];
    drawn.push(shape("path", { class: "area", d: `M${first},${HEIGHT} L${run.join(" L")} L${end},${HEIGHT} Z` }));
    drawn.push(shape("polyline", { class: "trace", points: run.length > 1 ? run.join(" ") : `${run[0]} ${run[0]}` }));
  }
  svg.replaceChildren(...drawn);
  return top;
}
