"""Playing one turn: both sides at once, shown at one pace, so that speed tells nothing of who answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from arena.battles import Script
from arena.models import Side
from inference.faults import WorkerFault
from inference.replies import Reply, stream_reply

BEAT_SECONDS = 0.05

Emit = Callable[[Side, str], None]


class SideFailed(Exception):
    """One side could not answer."""

    def __init__(self, side: Side, fault: WorkerFault) -> None:
        super().__init__(f"{side}: {fault.kind}")
        self.side, self.fault = side, fault


@dataclass(slots=True)
class Voice:
    """What one side has said and not yet been shown."""

    waiting: str = ""
    begun: bool = False
    ended: bool = False
    reply: Reply = field(default_factory=Reply)

    def hear(self, text: str) -> None:
        self.waiting += text
        self.begun = True

    @property
    def drained(self) -> bool:
        return self.ended and not self.waiting

    def take(self, length: int) -> str:
        taken, self.waiting = self.waiting[:length], self.waiting[length:]
        return taken


def two_voices() -> dict[Side, Voice]:
    return {side: Voice() for side in Side}


async def play(script: Script, voices: dict[Side, Voice], emit: Emit) -> None:
    """Stream both replies through `emit` until both are whole. Raises SideFailed; cancelling hangs up on both."""
    try:
        async with asyncio.TaskGroup() as both:
            for side, voice in voices.items():
                both.create_task(listen(script, side, voice))
            both.create_task(show(voices, script.pace, emit))
    except* SideFailed as failed:
        first = failed.exceptions[0]
    else:
        return
    raise first


async def listen(script: Script, side: Side, voice: Voice) -> None:
    """Hear one side out. Raises SideFailed."""
    try:
        await stream_reply(script.entries[side], script.messages[side], script.sampling, voice.hear, voice.reply)
    except WorkerFault as fault:
        raise SideFailed(side, fault) from fault
    voice.ended = True


async def show(voices: dict[Side, Voice], pace: int, emit: Emit) -> None:
    """Show what was said, beat by beat, until both have ended. pace: characters a second on each side, 0 unlimited."""
    due = 0.0
    while not all(voice.drained for voice in voices.values()):
        await asyncio.sleep(BEAT_SECONDS)
        if not all(voice.begun or voice.ended for voice in voices.values()):
            continue  # the first words of the faster would tell which it is
        due = due + pace * BEAT_SECONDS if pace else float("inf")
        length = step(voices, due, lockstep=bool(pace))
        # What could not be shown now is not made up for later: a burst would tell who had been slow.
        due = min(due - length, 1.0) if pace else 0.0
        for side, voice in voices.items():
            if text := voice.take(length):
                emit(side, text)


def step(voices: dict[Side, Voice], due: float, *, lockstep: bool) -> int:
    """How many characters to show of each side now. In lockstep a side still speaking holds the other back."""
    speaking = [len(voice.waiting) for voice in voices.values() if not voice.drained]
    if not speaking:
        return 0
    most = min(speaking) if lockstep else max(speaking)
    return min(most, int(min(due, 1e9)))
