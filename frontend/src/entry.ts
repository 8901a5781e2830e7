/** An entry's page: reading its chart point by point. */

import { setText, the } from "./page";

interface Reading {
  readonly x: number;
  readonly words: string;
}

const readings = JSON.parse(document.getElementById("readings")?.textContent ?? "[]") as Reading[];
const range = the<HTMLInputElement>("reader-range");
const words = the("reader-words");
const guide = document.querySelector<SVGPathElement>("[data-guide]");
const chart = guide?.ownerSVGElement;

function read(index: number): void {
  const reading = readings[index];
  if (!reading) return;
  setText(words, reading.words);
  range.setAttribute("aria-valuetext", reading.words);
  guide?.setAttribute("d", `M${reading.x} 0V100`);
  guide?.setAttribute("visibility", "visible");
}

range.max = String(readings.length - 1);
range.value = range.max;
the("reader").hidden = false;
read(readings.length - 1);

range.addEventListener("input", () => {
  read(range.valueAsNumber);
});
chart?.addEventListener("pointermove", (event) => {
  const { left, width } = chart.getBoundingClientRect();
  const index = Math.round(((event.clientX - left) / width) * (readings.length - 1));
  range.valueAsNumber = Math.min(readings.length - 1, Math.max(0, index));
  read(range.valueAsNumber);
});
