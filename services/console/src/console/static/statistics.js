// Draws the charts of the statistics, of the numbers that the page brings along.

import { draw } from "./charts.js";

const section = document.querySelector(".charts");
for (const curve of JSON.parse(document.getElementById("curves").textContent)) {
  const figure = section.querySelector(`[data-chart="${curve.name}"]`);
  draw(figure, { ...curve, per: "day", unknown: section.dataset.unknown });
}
