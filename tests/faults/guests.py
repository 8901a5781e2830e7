"""Visitors on a bad day: like the page, they come back when a socket breaks, and repeat a vote until it is answered."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection

from tests.faults.conftest import FULL
from tests.servers import PATIENCE, wait_until
from tests.visitor import Duel, Frame, Visitor, receive, send, texts

PAUSE = 0.25  # seconds before the next try; the page's first one is 0.25 to 0.5
LONGEST_ANSWER = 10.0  # seconds; no answer may take longer, whatever is down: held to by `make faults`
AWAY = {502, 503}  # from the proxy when a process dies under a request; from the site itself
LATER = {"site_away", "still_answering", "place_lost", "line_full"}  # refusals after which one asks again
BROKEN = (WebSocketException, OSError)  # TimeoutError is one of the latter


@dataclass(frozen=True)
class Vote:
    """A vote that the site has acknowledged, and with what bytes."""

    winner: str
    receipt: bytes


@dataclass
class Notes:
    """What a test's guests saw. It only grows, from any thread."""

    acknowledged: dict[str, Vote] = field(default_factory=dict)  # by battle
    ended: list[str] = field(default_factory=list)  # battles whose turn has ended, in whatever way
    void: list[str] = field(default_factory=list)  # those in which it was void
    back: list[float] = field(default_factory=list)  # seconds from a lost socket to the next open one
    resumed: list[float] = field(default_factory=list)  # …to the next frame
    away: list[float] = field(default_factory=list)  # seconds until answers that said "try again"
    strange: list[str] = field(default_factory=list)  # answers that nobody should get


class Guest:
    """One visitor who gets on with it."""

    def __init__(self, base: str, notes: Notes) -> None:
        self.notes = notes
        for _ in tries():
            with suppress(httpx.HTTPError):
                self.visitor = Visitor(base)
                return

    def close(self) -> None:
        self.visitor.close()

    def start(self) -> Duel:
        answer = self.request(lambda: self.visitor.post("/battles"))
        assert answer.status_code == 201, answer.text
        return Duel(self.visitor, answer.json()["id"], answer.json()["socket"])

    def state(self, duel: Duel) -> Any:
        return self.request(lambda: self.visitor.http.get(f"/battles/{duel.id}")).json()

    def vote(self, duel: Duel, winner: str) -> httpx.Response:
        answer = self.request(lambda: duel.vote(winner))
        assert answer.status_code == 201, answer.text
        self.notes.acknowledged[duel.id] = Vote(winner, answer.content)
        return answer

    def hear_out(self, duel: Duel, prompt: str) -> list[Frame]:
        """Ask, and stay until the turn has ended, through any number of sockets. The frames, each once."""
        hearing = Hearing(self.notes)
        for tried in tries():
            asked = tried > 0 and bool(self.state(duel)["turns"])
            first = {"type": "resume", "after": hearing.tick} if asked else {"type": "prompt", "text": prompt}
            try:
                with duel.socket() as socket:
                    if hearing.through(socket, first):
                        break
            except BROKEN:
                hearing.lost()
        self.notes.ended.append(duel.id)
        if hearing.frames[-1]["type"] == "void":
            self.notes.void.append(duel.id)
        return hearing.frames

    def request(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask until there is an answer that is more than "away"."""
        for _ in tries():
            began = time.monotonic()
            answer = None
            with suppress(httpx.TransportError):
                answer = ask()
            if answer is not None and answer.status_code < 500:
                return answer
            self.notes.away.append(time.monotonic() - began)
            if answer is not None and not says_away(answer):
                self.notes.strange.append(f"{answer.status_code} {answer.text[:200]}")
        raise AssertionError  # tries end by raising


@dataclass
class Hearing:
    """A turn as one guest hears it."""

    notes: Notes
    frames: list[Frame] = field(default_factory=list)
    lost_at: float = 0.0  # 0 while a socket is open
    silent_at: float = 0.0  # 0 unless no frame has come since a socket was lost

    @property
    def tick(self) -> int:
        return max((frame["tick"] for frame in self.frames if frame["type"] == "token"), default=0)

    def through(self, socket: ClientConnection, first: Frame) -> bool:
        """Say this, and hear what comes through this socket. True once the turn has ended."""
        if self.lost_at:
            self.notes.back.append(time.monotonic() - self.lost_at)
            self.lost_at = 0.0
        send(socket, first)
        while True:
            frame = receive(socket, timeout=PATIENCE)
            if self.silent_at:
                self.notes.resumed.append(time.monotonic() - self.silent_at)
                self.silent_at = 0.0
            if frame["type"] == "refused" and frame["code"] in LATER:
                return False
            self.frames.append(frame)
            if frame["type"] in {"ready", "void", "refused"}:
                return True

    def lost(self) -> None:
        self.lost_at = self.lost_at or time.monotonic()
        self.silent_at = self.silent_at or self.lost_at


def says_away(answer: httpx.Response) -> bool:
    """Whether it says no more than "try again": the proxy's has no words, the site's are a refusal."""
    ours = answer.headers.get("content-type") == "application/json"
    return answer.json()["code"] == "site_away" if ours else answer.status_code in AWAY


def tries() -> Iterator[int]:
    """0, 1, 2, …, with a pause between them, for as long as a guest is patient."""
    deadline = time.monotonic() + PATIENCE
    for tried in count():
        assert time.monotonic() < deadline, "a guest lost patience"
        yield tried
        time.sleep(PAUSE)


def await_more(noted: Sized, number: int) -> None:
    """Wait until so many more have been noted than now."""
    enough = len(noted) + number
    wait_until(lambda: len(noted) >= enough)


def check_heard(state: Any, frames: list[Frame]) -> None:
    """What was heard through whatever happened is, byte for byte and tick for tick, what is on record."""
    tokens = [frame for frame in frames if frame["type"] == "token"]
    assert [frame["tick"] for frame in tokens] == [*range(1, len(tokens) + 1)]
    (turn,) = state["turns"]
    assert texts(tokens) == {"a": turn["a"], "b": turn["b"]}
    assert turn["last_tick"] == len(tokens)


def judge(guest: Guest, prompt: str, chance: random.Random) -> None:
    """One battle from its start to its vote; a void one to its end, with its prompt still there to ask again."""
    duel = guest.start()
    frames = guest.hear_out(duel, prompt)
    state = guest.state(duel)
    check_heard(state, frames)
    assert state["turns"][0]["prompt"] == prompt
    if frames[-1]["type"] == "ready":
        guest.vote(duel, chance.choice(["a", "b", "tie", "both_bad"]))


@contextmanager
def crowd(base: str, size: int, prompt: str, notes: Notes | None = None) -> Iterator[Notes]:
    """So many guests at once, each judging battle after battle until the end."""
    notes, leaving, broken = notes or Notes(), threading.Event(), []

    def stay(seed: int) -> None:
        chance = random.Random(seed)
        try:
            while not leaving.is_set():
                with closing(Guest(base, notes)) as guest:
                    for _ in range(5):  # a few battles a device: all of its votes count
                        if not leaving.is_set():
                            judge(guest, prompt, chance)
        except BaseException as why:  # noqa: BLE001  told to the test's own thread
            broken.append(why)
            leaving.set()

    threads = [threading.Thread(target=stay, args=(seed,), daemon=True) for seed in range(size)]
    for thread in threads:
        thread.start()
    try:
        yield notes
    finally:
        leaving.set()
        for thread in threads:
            thread.join()
        if broken:
            raise broken[0]
    assert not notes.strange, notes.strange[:3]
    assert not FULL or max(notes.away, default=0) < LONGEST_ANSWER


@contextmanager
def to_judge(base: str, number: int, notes: Notes) -> Iterator[list[tuple[Guest, Duel]]]:
    """So many guests, each with a battle that waits for its vote."""

    def hear(_: int) -> tuple[Guest, Duel]:
        guest = Guest(base, notes)
        duel = guest.start()
        assert guest.hear_out(duel, "hello")[-1]["type"] == "ready"
        return guest, duel

    with ExitStack() as at_last, ThreadPoolExecutor(4) as pool:
        ready = list(pool.map(hear, range(number)))
        for guest, _ in ready:
            at_last.enter_context(closing(guest))
        yield ready
