/** A battle's life between this page and the server: begun, heard, resumed without losing a word, judged. */

import { castVote } from "./ballot";
import {
  parseBattle,
  parseFrame,
  parseStarted,
  type Battle,
  type Frame,
  type Side,
  type Verdict,
} from "./frames";
import { ask, Refused, tell } from "./http";
import { Socket } from "./socket";
import { answering, asked, fresh, heard, judged, told, type Transcript } from "./transcript";
import type { Words } from "./words";

const RESUME_PAUSE = 2_000; // milliseconds

/** What the page does when the battle has something for it. */
export interface Listener {
  /** Something has changed that may be seen. */
  changed(): void;
  /** It has an address now. */
  began(id: string): void;
  /** It is over without a trace: an empty page is next. */
  gone(): void;
  /** A prompt did not get through and belongs into the box again. */
  returned(prompt: string): void;
  /** Something stands in the way of the prompt. */
  problem(words: string): void;
}

export class Duel {
  transcript: Transcript = fresh;
  id: string | null = null;
  connection: "none" | "starting" | "connecting" | "open" | "lost" = "none";
  voting = false;
  /** What stands in the way of hearing or judging, in words. */
  trouble = "";

  private socket: Socket | null = null;
  /** The first prompt, until the socket is there. */
  private waiting: string | null = null;
  private resuming = false;
  /** Something may have been missed, and could not be asked for yet. */
  private behind = false;
  /** A resumed socket may repeat how the turn before ended: until new words come, "ready" is looked into. */
  private unsure = false;

  constructor(
    private readonly words: Words<"unreachable" | "vote_lost" | "gone" | "returned">,
    private readonly page: Listener,
  ) {}

  /** A new battle, and its first prompt. */
  async begin(prompt: string): Promise<void> {
    this.leave();
    this.connection = "starting";
    this.transcript = asked(fresh, prompt);
    this.page.changed();
    try {
      const { id, socket } = await tell("/battles", { agreed: true }, parseStarted);
      this.id = id;
      this.waiting = prompt;
      this.page.began(id);
      this.follow(id, socket);
    } catch (fault) {
      this.leave();
      this.page.returned(prompt);
      this.page.problem(this.wordsFor(fault));
    }
    this.page.changed();
  }

  /** A further prompt. */
  say(prompt: string): void {
    if (this.socket?.say({ type: "prompt", text: prompt })) {
      this.transcript = asked(this.transcript, prompt);
    } else {
      this.page.returned(prompt);
      this.page.problem(this.words.returned);
    }
    this.page.changed();
  }

  stop(): void {
    this.socket?.say({ type: "stop" });
  }

  /** Show a battle that was begun before: after a reload, in a second tab, by the back button. */
  async open(id: string): Promise<void> {
    this.leave();
    this.id = id;
    this.connection = "connecting";
    this.page.changed();
    while (!(await this.lookAt(id))) {
      if (!this.isStill(id)) return;
      await pause();
      if (!this.isStill(id)) return;
    }
    if (this.transcript.state === "open") this.follow(id, `/ws/battles/${id}`);
    else this.connection = "none";
    this.page.changed();
  }

  /** Let go of it. It stays where it is, and can be opened again. */
  leave(): void {
    this.socket?.close();
    this.socket = null;
    this.id = null;
    this.waiting = null;
    this.connection = "none";
    this.voting = false;
    this.behind = false;
    this.unsure = false;
    this.trouble = "";
    this.transcript = fresh;
  }

  /** Cast the vote. True if it is in. */
  async judge(winner: Verdict): Promise<boolean> {
    const id = this.id;
    if (id === null || this.voting || !this.transcript.votable || answering(this.transcript)) return false;
    this.voting = true;
    this.trouble = "";
    this.page.changed();
    try {
      const receipt = await castVote(id, winner);
      if (!this.isStill(id)) return false;
      this.transcript = judged(this.transcript, winner, receipt);
      return true;
    } catch (fault) {
      if (!this.isStill(id)) return false;
      // Another tab may have been quicker.
      if (fault instanceof Refused && fault.status === 409) await this.lookAt(id);
      if (this.transcript.state === "open")
        this.trouble = fault instanceof Refused ? fault.message : this.words.vote_lost;
      return false;
    } finally {
      if (this.isStill(id)) this.voting = false;
      this.page.changed();
    }
  }

  /** Throws what stands in the way. */
  async report(side: Side, text: string): Promise<void> {
    if (this.id !== null) await tell(`/battles/${this.id}/report`, { side, text }, () => null);
  }

  wordsFor(fault: unknown): string {
    if (fault instanceof Refused) return fault.message;
    console.error(fault);
    return this.words.unreachable;
  }

  private isStill(id: string): boolean {
    return this.id === id;
  }

  private follow(id: string, path: string): void {
    this.connection = "connecting";
    this.socket = new Socket(path, {
      opened: (again) => {
        this.connection = "open";
        if (this.waiting === null) void this.resume(id, again);
        else if (this.socket?.say({ type: "prompt", text: this.waiting })) this.waiting = null;
        this.page.changed();
      },
      heard: (data) => {
        this.hear(id, parseFrame(data));
        this.page.changed();
      },
      lost: () => {
        this.connection = "lost";
        this.page.changed();
      },
      ended: () => {
        this.vanish();
      },
    });
  }

  private hear(id: string, frame: Frame): void {
    if (frame.type !== "refused") this.trouble = "";
    if (this.unsure && answering(this.transcript) && (frame.type === "done" || frame.type === "ready")) {
      if (frame.type === "ready") void this.lookAt(id);
      return;
    }
    const before = this.transcript.tick;
    this.transcript = heard(this.transcript, frame);
    if (this.transcript.tick > before) this.unsure = false;
    if (this.transcript.astray) void this.resume(id, true);
    if (frame.type === "ready" || frame.type === "void") void this.settle(id);
    this.takeBack();
  }

  /** Ask for what has been missed. What is shown of an answer goes on where it stopped. */
  private async resume(id: string, look: boolean): Promise<void> {
    if (this.resuming) return;
    this.resuming = true;
    this.behind = look && !(await this.lookAt(id));
    if (!this.behind && this.isStill(id))
      this.unsure = this.socket?.say({ type: "resume", after: this.transcript.tick }) ?? false;
    this.page.changed();
    // What was on its way before the server heard us still shows the gap: give it time to be closed.
    await pause();
    this.resuming = false;
    if (this.isStill(id) && this.socket?.open && (this.behind || this.transcript.astray))
      void this.resume(id, true);
  }

  /** Learn of the battle from the server. False if that failed, or it is not the one on the page any more. */
  private async lookAt(id: string): Promise<boolean> {
    let known: Battle;
    try {
      known = await ask(`/battles/${id}`, parseBattle);
    } catch (fault) {
      if (!this.isStill(id)) return false;
      if (fault instanceof Refused && fault.status === 404) this.vanish();
      else this.trouble = this.wordsFor(fault);
      this.page.changed();
      return false;
    }
    if (!this.isStill(id)) return false;
    this.trouble = "";
    this.transcript = told(this.transcript, known);
    if (this.transcript.returned !== null) this.page.problem(this.words.returned);
    this.takeBack();
    this.page.changed();
    return true;
  }

  /** What only the server knows of a turn that has ended: whether it was stopped or erased, and what is left. */
  private async settle(id: string): Promise<void> {
    const known = await ask(`/battles/${id}`, parseBattle).catch(() => null);
    // The next prompt may have been sent meanwhile, of which this answer knows nothing.
    if (known && this.isStill(id) && !answering(this.transcript))
      this.transcript = told(this.transcript, known);
    this.page.changed();
  }

  /** A prompt that was refused or lost goes back into the box, and a refusal's words to where they are seen. */
  private takeBack(): void {
    if (this.transcript.state !== "open") return;
    const { returned, message } = this.transcript;
    this.transcript = { ...this.transcript, returned: null, message: null };
    // The box is out of sight while both are answering.
    if (message !== null && answering(this.transcript)) this.trouble = message;
    else if (message !== null) this.page.problem(message);
    if (returned === null) return;
    this.page.returned(returned);
    // A battle of which nothing is left to show begins anew with the next prompt.
    if (this.transcript.turns.length === 0) {
      this.leave();
      this.page.gone();
    }
  }

  private vanish(): void {
    this.leave();
    this.page.gone();
    this.page.problem(this.words.gone);
    this.page.changed();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RESUME_PAUSE));
}
