"""Speed tells nothing: both sides are shown in step, whoever is faster."""

import asyncio

import pytest

from arena import streaming
from arena.frames import BUCKET
from arena.models import Side, Turn
from arena.streaming import show_at_once, show_in_step, two_voices
from tests.servers import PATIENCE
from tests.visitor import send

PACE = 1000  # characters a second: so that ten beats hold a test


@pytest.fixture(autouse=True)
def quick_beats(monkeypatch):
    """A tenth of all the waits. At the pace of these tests a beat shows ten characters, and the lead is fifty."""
    for name in ("BEAT_SECONDS", "START_SECONDS", "LEAD_SECONDS", "STEP_SECONDS"):
        monkeypatch.setattr(streaming, name, getattr(streaming, name) / 10)


def shown(pace, feed):
    """Play `feed`, (side, text, seconds before it) or what says it, to the show: what each tick showed, and when."""
    ticks, times = [], []

    async def both():
        loop, voices = asyncio.get_running_loop(), two_voices()
        began = loop.time()

        def emit(texts):
            ticks.append((texts[Side.A], texts[Side.B]))
            times.append(loop.time() - began)

        async def speak():
            if callable(feed):
                await feed(voices, ticks)
            for side, text, wait in () if callable(feed) else feed:
                await asyncio.sleep(wait)
                voices[side].hear(text)
            for voice in voices.values():
                voice.end()

        await asyncio.gather(show_in_step(voices, pace, emit) if pace else show_at_once(voices, emit), speak())

    asyncio.run(both())
    return ticks, times


def lengths(ticks):
    return [(len(a), len(b)) for a, b in ticks]


def test_every_tick_shows_as_much_of_both_however_they_speak():
    ticks, _ = shown(PACE, [(Side.A, "a" * 100, 0), *[(Side.B, "b" * 7, 0.001) for _ in range(20)]])
    assert lengths(ticks[:10]) == [(10, 10)] * 10
    assert lengths(ticks[10:]) == [(0, 10)] * 4


def test_nothing_is_shown_before_its_time_however_quick_both_are():
    _, times = shown(PACE, [(Side.A, "a", 0), (Side.B, "b", 0)])
    assert times[0] >= streaming.START_SECONDS


def test_a_side_that_falls_behind_holds_both_until_it_leads_again():
    held = []

    async def speak(voices, ticks):
        voices[Side.A].hear("a" * 120)
        for text in ("b" * 65, "b" * 15):  # not enough to lead by fifty characters
            voices[Side.B].hear(text)
            await asyncio.sleep(streaming.START_SECONDS + 8 * streaming.STEP_SECONDS)
            held.append(len(ticks))
        voices[Side.B].hear("b" * 40)

    ticks, _ = shown(PACE, speak)
    assert held == [6, 6]
    # The pace or nothing: no tick is shorter because somebody was slow, and none is longer to make up for it.
    assert lengths(ticks) == [(10, 10)] * 12


def test_a_shorter_answer_does_not_hold_the_longer_one_back():
    ticks, _ = shown(PACE, [(Side.A, "a", 0), (Side.B, "b" * 50, 0)])
    assert lengths(ticks) == [(1, 10), *[(0, 10)] * 4]


def test_a_pace_of_less_than_a_character_a_beat_is_kept():
    ticks, _ = shown(40, [(Side.A, "aaaa", 0), (Side.B, "bbbb", 0)])
    assert ticks == [("a", "b")] * 4


def test_without_a_pace_words_are_shown_as_they_come_once_both_have_begun():
    ticks, times = shown(0, [(Side.A, "aaa", 0), (Side.B, "b", 0.05), (Side.A, "a" * 100, 0.05)])
    assert ticks == [("aaa", "b"), ("a" * 100, "")]
    assert times[0] >= 0.05


def test_the_size_of_a_frame_tells_neither_side_nor_length(visitor, contest):
    contest.gate.terms.update(pace=2000)  # of the quick beats of these tests, twenty characters each
    duel = visitor.start()
    frames = []
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "가" * 300})
        while not frames or '"ready"' not in frames[-1]:
            frames.append(socket.recv(timeout=PATIENCE))
    tokens = [frame for frame in frames if '"token"' in frame]
    assert len(tokens) == 15
    assert {len(frame.encode()) for frame in frames if '"asked"' not in frame} == {BUCKET}
    turn = Turn.objects.get()
    assert {tuple(tick) for tick in turn.ticks} == {(20, 20)}
