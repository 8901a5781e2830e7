/** The page's words in the visitor's language: Django's templates hand them over as a data block. */

export type Words<Key extends string> = Readonly<Record<Key, string>>;

/** Throws if a word is missing: better at the first load in a test than in front of a visitor. */
export function readWords<Key extends string>(keys: readonly Key[]): Words<Key> {
  const given = JSON.parse(document.getElementById("words")?.textContent ?? "{}") as Record<string, unknown>;
  const missing = keys.filter((key) => typeof given[key] !== "string");
  if (missing.length > 0) throw new Error(`no words for: ${missing.join(", ")}`);
  return given as Words<Key>;
}

/** Puts values where the words say {name}. */
export function fill(words: string, values: Readonly<Record<string, string | number>>): string {
  return words.replace(/\{(\w+)\}/g, (all, key: string) => String(values[key] ?? all));
}

export function languageOfPage(): string {
  return document.documentElement.lang || "ko";
}
