/** Numbers and moments as the page's language writes them; moments in Seoul's time, as the server tells them. */

import { setText } from "./page";
import { fill, languageOfPage } from "./words";

const language = languageOfPage();
const numbers = new Intl.NumberFormat(language);
const forms = new Intl.PluralRules(language);
// As the server writes it: the day before the month, and 24 hours.
const locale = language === "en" ? "en-GB" : language;
const day = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "Asia/Seoul" });
const time = new Intl.DateTimeFormat(locale, {
  timeStyle: "short",
  hourCycle: "h23",
  timeZone: "Asia/Seoul",
});

export function grouped(number: number): string {
  return numbers.format(number);
}

/** Of two forms of words, the one for so many. */
export function formFor(number: number, one: string, other: string): string {
  return forms.select(number) === "one" ? one : other;
}

export function dayOf(moment: Date | number): string {
  return day.format(moment);
}

/** Puts an ISO 8601 moment into its element, unless it is there; form: the words with {date} and {time}. */
export function showMoment(element: HTMLTimeElement, moment: string, form: string): void {
  if (Date.parse(element.dateTime) === Date.parse(moment)) return;
  element.dateTime = moment;
  const at = new Date(moment);
  setText(element, fill(form, { date: day.format(at), time: time.format(at) }));
}
