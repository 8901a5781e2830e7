/** What the pages remember on this device, and nothing else. Some browsers refuse: then it is asked or set again. */

/** The notice was agreed to. */
export const AGREED = "agreed";
/** Single keys are no verdicts. */
export const KEYS_OFF = "keys-off";

export function remember(key: string, value = true): void {
  try {
    if (value) localStorage.setItem(key, "1");
    else localStorage.removeItem(key);
  } catch {
    return;
  }
}

export function remembers(key: string): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

/** The question that waits in the line, for this tab alone: a reload that takes too long loses the place. */
export function holdQuestion(battle: string, question: string): void {
  try {
    sessionStorage.setItem("waiting", JSON.stringify([battle, question]));
  } catch {
    return;
  }
}

export function heldQuestion(battle: string): string {
  try {
    const held: unknown = JSON.parse(sessionStorage.getItem("waiting") ?? "null");
    return Array.isArray(held) && held[0] === battle && typeof held[1] === "string" ? held[1] : "";
  } catch {
    return "";
  }
}

export function forgetAll(): void {
  for (const key of [AGREED, KEYS_OFF]) remember(key, false);
  try {
    sessionStorage.removeItem("waiting");
  } catch {
    return;
  }
}

/** Calls when another page of this device has forgotten all. */
export function onForgotten(call: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === AGREED && event.newValue === null) call();
  });
}
