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

export function forgetAll(): void {
  for (const key of [AGREED, KEYS_OFF]) remember(key, false);
}

/** Calls when another page of this device has forgotten all. */
export function onForgotten(call: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === AGREED && event.newValue === null) call();
  });
}
