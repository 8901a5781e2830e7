/** The exports page: how far each export is, until the last is over; then the page with its files. */

import { all, setText } from "./page";

const EVERY_MS = 1_000;

const list = document.querySelector<HTMLElement>("[data-exports]");

type Progress = Readonly<Record<string, { readonly percent: number; readonly over: boolean }>>;

async function look(address: string): Promise<void> {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const told = (await answer.json()) as Progress;
  const rows = all("under-way");
  for (const row of rows) {
    const one = told[row.dataset["export"] ?? ""];
    if (one === undefined) continue;
    row.querySelector<HTMLProgressElement>("[data-progress]")?.setAttribute("value", String(one.percent));
    const percent = row.querySelector<HTMLElement>("[data-percent]");
    if (percent !== null) setText(percent, String(one.percent));
    if (one.over) location.reload();
  }
}

if (list !== null && document.querySelector("[data-under-way]") !== null) {
  const address = list.dataset["exports"] ?? "";
  // Away for a moment: the next look tells.
  setInterval(() => void look(address).catch(() => undefined), EVERY_MS);
}
