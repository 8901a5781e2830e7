/** The privacy page: its form deletes without leaving the page, and what this browser remembers goes too. */

import { parseErased } from "./frames";
import { Refused, tell } from "./http";
import { forgetAll } from "./memory";
import { setText, the } from "./page";
import { fill, languageOfPage, readWords } from "./words";

const words = readWords(["erasing", "erased_one", "erased_other", "erased_none", "held_none", "unreachable"]);

const button = the<HTMLButtonElement>("erase");
const outcome = the("erased");
const plural = new Intl.PluralRules(languageOfPage());

async function erase(): Promise<void> {
  button.disabled = true;
  setText(the("erase-problem"), "");
  setText(outcome, words.erasing);
  try {
    const { erased } = await tell("/visitor/erase", {}, parseErased);
    forgetAll();
    setText(outcome, counted(erased));
    setText(the("held"), words.held_none);
  } catch (fault) {
    setText(outcome, "");
    setText(the("erase-problem"), fault instanceof Refused ? fault.message : words.unreachable);
  } finally {
    button.disabled = false;
  }
}

function counted(n: number): string {
  if (n === 0) return words.erased_none;
  return fill(plural.select(n) === "one" ? words.erased_one : words.erased_other, { n });
}

the("erase-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void erase();
});
