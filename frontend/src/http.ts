/** Requests to our own site. What the server refuses comes back as a Refused with its words. */

/** The server understood, and said no. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    override readonly message: string,
    readonly status: number,
    /** Seconds until it may be tried again, where the server said so. */
    readonly retryAfter: number | null,
  ) {
    super(message);
  }
}

/** No answer, or none that can be understood: the network, a proxy, or a fault of ours. */
export class Unreachable extends Error {}

export async function ask<T>(path: string, parse: (answer: unknown) => T): Promise<T> {
  return parse(await exchange(path, { method: "GET" }));
}

export async function tell<T>(path: string, body: object, parse: (answer: unknown) => T): Promise<T> {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") };
  return parse(await exchange(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function exchange(path: string, init: RequestInit): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...init });
  } catch (fault) {
    throw new Unreachable(path, { cause: fault });
  }
  const body = await contents(answer);
  if (answer.ok) return body;
  if (isRefusal(body)) {
    const wait = Number(answer.headers.get("Retry-After"));
    throw new Refused(body.code, body.message, answer.status, wait > 0 ? wait : null);
  }
  throw new Unreachable(`${path}: ${answer.status}`);
}

async function contents(answer: Response): Promise<unknown> {
  const body = await answer.text();
  if (!body) return null;
  try {
    return JSON.parse(body);
  } catch (fault) {
    throw new Unreachable(`${answer.url}: ${answer.status}, not JSON`, { cause: fault });
  }
}

function isRefusal(body: unknown): body is { code: string; message: string } {
  return (
    typeof body === "object" &&
    body !== null &&
    "code" in body &&
    typeof body.code === "string" &&
    "message" in body &&
    typeof body.message === "string"
  );
}

function cookie(name: string): string {
  const pair = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : "";
}
