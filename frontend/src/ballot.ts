/** Casting a vote, so that a tunnel does not cost it: the same verdict may be sent again. */

import { parseReceipt, type Receipt, type Verdict } from "./frames";
import { Refused, tell, Unreachable } from "./http";

const PAUSES = [500, 1_500, 4_000, 6_000]; // milliseconds before each further try

/** Raises Refused if the server says no, Unreachable if nothing got through. */
export async function castVote(
  battle: string,
  winner: Verdict,
  pauses: readonly number[] = PAUSES,
): Promise<Receipt> {
  for (const pause of pauses) {
    try {
      return await tell(`/battles/${battle}/vote`, { winner }, parseReceipt);
    } catch (fault) {
      if (!passes(fault)) throw fault;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return tell(`/battles/${battle}/vote`, { winner }, parseReceipt);
}

/** Whether the next try may get through: nothing came back, or the site said that it is away for a moment. */
function passes(fault: unknown): boolean {
  return fault instanceof Unreachable || (fault instanceof Refused && fault.status === 503);
}
