"""Keeps one worker serving: starts its engine, takes it into the site's rotation and out of it, starts it again.

The order matters. In: only when the engine answers with the right model. Out: first, before the engine is told to end,
for an engine that drains refuses new chats while it still calls itself healthy. An engine that dies takes its streams
along; the site sees that by itself, and is told, so that it need not find out.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

from inference.models import ServingState as State
from inference.serving.engines import Engine
from inference.serving.processes import EngineProcess, can_listen
from inference.serving.readings import Measures

LOOK_SECONDS = 0.2  # between two looks at what we wait for
# So often in a row nothing runs before a drain is over: a request may be on its way, and each web process goes by what
# it knew of the workers for up to a second (inference/routing.py).
QUIET_LOOKS = 8


class SiteAway(Exception):
    """The site cannot be reached now; it is asked again."""


class SiteRefuses(Exception):
    """The site will not have this worker; the words say why. Asking again would not help."""


class GaveUp(Exception):
    """Nothing more is tried; the words say why."""


class AtSite(Protocol):
    """The worker as the site knows it, by its database or, from another machine, its API.

    Each raises SiteAway and SiteRefuses.
    """

    def register(self) -> str:
        """Enter the worker, which serves already, into the rotation; in words, what is so then."""

    def tell(self, state: State, readings: Mapping[str, float]) -> None:
        """How it is. Anything but SERVING takes it out of the rotation until it serves again."""

    def drain(self) -> None:
        """Out of the rotation for good: new battles go elsewhere, and so do the next questions of those under way."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, and tries, until something else is done."""

    ready: float = 900.0  # a large model loads for minutes
    beat: float = 5.0  # between two words to the site
    stuck: float = 30.0  # an engine that answers nothing for so long is killed
    drain: float = 150.0  # what runs when we are told to end may go on for so long
    stop: float = 30.0  # until an engine that was told to end is killed
    pause: float = 1.0  # before the second start, and twice that before the next…
    longest_pause: float = 60.0
    steady: float = 600.0  # after so long in service its earlier ends are forgotten
    tries: int = 5  # ends in a row


class Supervisor:
    """One engine and its place at the site. `end` may be called from a signal's handler."""

    def __init__(self, engine: Engine, site: AtSite, patience: Patience, say: Callable[[str], None]) -> None:
        self.engine, self.site, self.patience, self.say = engine, site, patience, say
        self.told = threading.Event()  # to end
        self.hurried = threading.Event()  # to end at once
        self.registered = False
        key = {"Authorization": f"Bearer {engine.key}"} if engine.key else {}
        self.http = httpx.Client(base_url=engine.address, headers=key, timeout=3, trust_env=False)

    def end(self) -> None:
        """Drain and stop; called a second time, stop at once."""
        (self.hurried if self.told.is_set() else self.told).set()

    def run(self) -> None:
        """Serve until told to end. Raises GaveUp and SiteRefuses; no process is left in any case."""
        failures = 0
        while not self.told.is_set():
            began = time.monotonic()
            why = self.serve()
            if self.told.is_set():
                break
            failures = failures + 1 if time.monotonic() - began < self.patience.steady else 1
            self.tell(State.RESTARTING)
            if failures >= self.patience.tries:
                raise GaveUp(f"{why} That was the {failures}. time in a row; giving up.")
            pause = min(self.patience.pause * 2 ** (failures - 1), self.patience.longest_pause)
            self.say(f"{why} Starting it again in {pause:g} s.")
            self.told.wait(pause)
        self.tell(State.STOPPED)

    def serve(self) -> str:
        """One life of the engine, from its start until nothing of it is left. Why it ended."""
        if not can_listen(self.engine.host, self.engine.port):
            if not self.registered:
                raise GaveUp(f"Port {self.engine.port} of {self.engine.host} is taken; --port names another.")
            return f"Port {self.engine.port} is taken by something else."
        self.say(f"Starting {self.engine.kind} for {self.engine.served_name} …")
        process = EngineProcess(self.engine.command, self.engine.environment)
        try:
            why = self.await_ready(process) or self.keep(process)
            if self.told.is_set():
                self.drain(process)
            return why
        finally:
            # Drained, dead, stuck or refused: the group goes as a whole.
            process.stop(0 if self.hurried.is_set() else self.patience.stop)

    def await_ready(self, process: EngineProcess) -> str:
        """Return "" when it answers with its model; else why that will not come."""
        deadline = time.monotonic() + self.patience.ready
        while not self.told.wait(LOOK_SECONDS):
            if process.ended is not None:
                return f"The engine ended with {process.ended} before it was ready; its own words are above."
            if self.healthy():
                self.check_name()
                self.say(f"It is ready at {self.engine.address}.")
                return ""
            if time.monotonic() > deadline:
                process.kill()
                return f"The engine was not ready within {self.patience.ready:g} s."
        return ""

    def healthy(self) -> bool:
        try:
            return self.http.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    def check_name(self) -> None:
        """Raises GaveUp if what answers there is not ours."""
        names = [model["id"] for model in self.http.get("/v1/models").json()["data"]]
        if self.engine.served_name not in names:
            ours = self.engine.served_name
            raise GaveUp(f"What answers at {self.engine.address} serves {', '.join(names)}: not {ours}.")

    def keep(self, process: EngineProcess) -> str:
        """Tell the site of it again and again, until it ends or we are told to. Why it ended."""
        measures, answered = Measures(), time.monotonic()
        while not self.told.is_set():
            if self.healthy():
                answered = time.monotonic()
                self.serve_on(self.readings(measures))
            elif time.monotonic() - answered > self.patience.stuck:
                process.kill()
                return f"The engine had not answered for {self.patience.stuck:g} s."
            beat = time.monotonic() + self.patience.beat
            while time.monotonic() < beat and not self.told.wait(LOOK_SECONDS):
                if process.ended is not None:
                    return f"The engine ended with {process.ended}."
        return ""

    def serve_on(self, readings: Mapping[str, float]) -> None:
        """Into the rotation, or a word that it is still there. A site that is away is asked again at the next beat."""
        if self.registered:
            self.tell(State.SERVING, readings)
            return
        try:
            words = self.site.register()
        except SiteAway as why:
            self.say(f"The site cannot be reached: {why}. Trying again.")
        else:
            self.registered = True
            self.say(f"{self.engine.served_name} {words}")

    def tell(self, state: State, readings: Mapping[str, float] | None = None) -> None:
        """Say it to the site, if it knows us; that it is away does not matter to the engine."""
        if not self.registered:
            return
        try:
            self.site.tell(state, readings or {})
        except SiteAway as why:
            self.say(f"The site could not be told {state}: {why}.")

    def readings(self, measures: Measures) -> dict[str, float]:
        """What its measures say; nothing where it shows none that can be read."""
        try:
            answer = self.http.get(self.engine.measures)
            return measures.read(answer.text) if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError) as why:
            self.say(f"Its measures cannot be read: {type(why).__name__}.")
            return {}

    def drain(self, process: EngineProcess) -> None:
        """Out of the rotation, then wait for what runs."""
        if not self.registered:
            return
        try:
            self.site.drain()
        except SiteAway as why:
            self.say(f"The site could not be told that this worker ends: {why}.")
        self.say("Draining: out of the rotation, waiting for what runs.")
        deadline, quiet, measures = time.monotonic() + self.patience.drain, 0, Measures()
        while quiet < QUIET_LOOKS and time.monotonic() < deadline and not self.hurried.wait(LOOK_SECONDS):
            if process.ended is not None:
                return
            readings = self.readings(measures)
            # Without measures, nobody knows what runs: the whole time is waited.
            busy = readings.get("running", 1) + readings.get("waiting", 0)
            quiet = 0 if busy else quiet + 1
        self.say("Drained." if quiet >= QUIET_LOOKS else "Not waiting any longer; what still runs is cut.")
