"""Playing one turn: both sides at once, shown at one pace, so that speed tells nothing of who answers.

docs/pacing.md says why each of these numbers is what it is.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from arena.battles import Script
from arena.models import Side
from inference.faults import WorkerFault
from inference.line import Seat
from inference.replies import Reply, stream_reply

BEAT_SECONDS = 0.1  # from one tick to the next
START_SECONDS = 1.0  # nothing is shown earlier: who is quick to begin is not known from it
LEAD_SECONDS = 0.5  # a side that still speaks is ahead of what is shown by so much when the show begins or goes on
STEP_SECONDS = 0.5  # whether it can begin or go on is looked at so often

Emit = Callable[[dict[Side, str]], None]


class SideFailed(Exception):
    """One side could not answer."""

    def __init__(self, side: Side, fault: WorkerFault) -> None:
        super().__init__(f"{side}: {fault.kind}")
        self.side, self.fault = side, fault


@dataclass(slots=True)
class Voice:
    """What one side has said and not yet been shown."""

    heard: asyncio.Event
    waiting: str = ""
    begun: bool = False
    ended: bool = False
    reply: Reply = field(default_factory=Reply)

    def hear(self, text: str) -> None:
        self.waiting += text
        self.begun = True
        self.heard.set()

    def end(self) -> None:
        self.ended = True
        self.heard.set()

    @property
    def whole(self) -> bool:
        """Whether all it has to say is here. It is before its worker has counted the tokens."""
        return self.ended or bool(self.reply.finish)

    @property
    def drained(self) -> bool:
        return self.whole and not self.waiting

    def take(self, length: int) -> str:
        taken, self.waiting = self.waiting[:length], self.waiting[length:]
        return taken


Voices = dict[Side, Voice]


def two_voices() -> Voices:
    """The two sides before either has said anything, and one ear for both."""
    heard = asyncio.Event()
    return {side: Voice(heard) for side in Side}


async def play(script: Script, seats: Mapping[int, Seat], voices: Voices, emit: Emit) -> None:
    """Stream both replies through `emit` until both are whole. Raises SideFailed; cancelling hangs up on both."""
    try:
        async with asyncio.TaskGroup() as both:
            for side, voice in voices.items():
                both.create_task(listen(script, seats[script.entries[side]], side, voice))
            both.create_task(show_in_step(voices, script.pace, emit) if script.pace else show_at_once(voices, emit))
    except* SideFailed as failed:
        first = failed.exceptions[0]
    else:
        return
    raise first


async def listen(script: Script, seat: Seat, side: Side, voice: Voice) -> None:
    """Hear one side out. Raises SideFailed."""
    try:
        entry, messages = script.entries[side], script.messages[side]
        await stream_reply(entry, messages, script.sampling, voice.hear, voice.reply, seat)
    except WorkerFault as fault:
        raise SideFailed(side, fault) from fault
    voice.end()


async def show_at_once(voices: Voices, emit: Emit) -> None:
    """Show what is said as it comes, a tick a beat at most, once both have begun."""
    loop = asyncio.get_running_loop()
    heard = voices[Side.A].heard
    earliest = 0.0
    while not all(voice.drained for voice in voices.values()):
        await heard.wait()
        heard.clear()
        if not all(voice.begun or voice.ended for voice in voices.values()):
            continue  # the first words of the faster would tell which it is
        await asyncio.sleep(max(0.0, earliest - loop.time()))
        tell(voices, None, emit)
        earliest = loop.time() + BEAT_SECONDS


async def show_in_step(voices: Voices, pace: int, emit: Emit) -> None:
    """Show both sides at the same pace, tick by tick. pace: characters a second on each side, more than 0.

    A side that has not kept up holds both back, until it leads again: what is shown is the pace or nothing, never the
    speed of the slower. What was held back is not made up for by a burst, which would tell who had been slow.
    """
    loop = asyncio.get_running_loop()
    await asyncio.sleep(START_SECONDS)
    at, due, going = loop.time(), 0.0, False
    while not all(voice.drained for voice in voices.values()):
        going = going or all(ahead(voice, pace * LEAD_SECONDS) for voice in voices.values())
        length = int(due + pace * BEAT_SECONDS)
        going = going and all(ahead(voice, length) for voice in voices.values())
        if going:
            due += pace * BEAT_SECONDS - length
            tell(voices, length, emit)
        at = max(at, loop.time() - BEAT_SECONDS) + (BEAT_SECONDS if going else STEP_SECONDS)
        await asyncio.sleep(at - loop.time())


def ahead(voice: Voice, length: float) -> bool:
    """Whether so many characters can be shown of it, or all that there are."""
    return voice.whole or len(voice.waiting) >= length


def tell(voices: Voices, length: int | None, emit: Emit) -> None:
    """One tick of both sides: at most so many characters of each, None for all that wait."""
    texts = {side: voice.take(len(voice.waiting) if length is None else length) for side, voice in voices.items()}
    if any(texts.values()):
        emit(texts)
