"""Speed tells nothing: both sides are shown in step, whoever is faster."""

import asyncio

from arena.models import Side
from arena.streaming import Voice, show, step


def shown_lengths(pace, feed):
    """Play `feed` (side, text, seconds before it) against the show; the shown text lengths after each emit."""
    voices = {side: Voice() for side in Side}
    shown = {Side.A: "", Side.B: ""}
    lengths = []

    def emit(side, text):
        assert all(voice.begun for voice in voices.values())
        shown[side] += text
        lengths.append((len(shown[Side.A]), len(shown[Side.B])))

    async def speak():
        for side, text, wait in feed:
            await asyncio.sleep(wait)
            voices[side].hear(text)
        for voice in voices.values():
            voice.ended = True

    async def both():
        await asyncio.gather(show(voices, pace, emit), speak())

    asyncio.run(both())
    return shown, lengths


def test_a_fast_side_waits_for_a_slow_one():
    feed = [(Side.A, "a" * 100, 0), *[(Side.B, "b" * 10, 0.06) for _ in range(10)]]
    shown, lengths = shown_lengths(2000, feed)
    assert (len(shown[Side.A]), len(shown[Side.B])) == (100, 100)
    # Within one beat the first side is told before the second; never further apart than that beat's step.
    assert max(abs(a - b) for a, b in lengths[1::2]) == 0


def test_nothing_is_shown_until_both_have_begun():
    shown, lengths = shown_lengths(0, [(Side.A, "aaa", 0), (Side.B, "b", 0.3)])
    assert shown == {Side.A: "aaa", Side.B: "b"}
    assert len(lengths) == 2


def test_a_shorter_answer_does_not_hold_the_longer_one_back():
    shown, _ = shown_lengths(4000, [(Side.A, "a", 0), (Side.B, "b" * 50, 0)])
    assert shown == {Side.A: "a", Side.B: "b" * 50}


def test_the_pace_bounds_a_step():
    voices = {Side.A: Voice("x" * 100, begun=True), Side.B: Voice("y" * 100, begun=True)}
    assert step(voices, 7.5, lockstep=True) == 7
    assert step(voices, float("inf"), lockstep=False) == 100
