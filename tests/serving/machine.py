"""A machine that serves an entry: `manage.py serve_worker` as a real process, and all that it starts."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import ROOT
from tests.servers import PATIENCE, wait_until


class Machine:
    """A running serve_worker."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str]) -> None:
        self.output: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve_worker", *words],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.seen: set[int] = set()  # groups of its engines
        self.reading = threading.Thread(target=self.read, daemon=True)
        self.reading.start()

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if os.environ.get("SERVING_SHOWN") and line.startswith("serve_worker: "):
                sys.__stderr__.write(line)

    def says(self, words: str, times: int = 1) -> bool:
        """Whether it has said so, so often; fails at once if it ended instead."""
        heard = "".join(self.output).count(words) >= times
        assert heard or self.process.poll() is None, "".join(self.output)
        self.seen |= {group(pid) for pid in children(self.process.pid)}
        return heard

    def await_words(self, words: str, times: int = 1, seconds: float = PATIENCE) -> None:
        try:
            wait_until(lambda: self.says(words, times), seconds)
        except AssertionError:
            raise AssertionError(f"not said: {words}\n{''.join(self.output)}") from None

    def engine(self) -> int:
        """The engine's first process, below its guard."""
        (guard,) = children(self.process.pid)
        (engine,) = children(guard)
        return engine

    def tell(self, how: signal.Signals) -> None:
        self.seen |= {group(pid) for pid in children(self.process.pid)}
        self.process.send_signal(how)

    def await_end(self, seconds: float = PATIENCE) -> int:
        """Its status, once all that it ever started is gone."""
        status = self.process.wait(seconds)
        assert self.seen
        wait_until(lambda: not self.left())
        self.reading.join(PATIENCE)
        return status

    def left(self) -> list[int]:
        """Every process of its engines' groups, from /proc."""
        return [pid for pid in everybody() if group(pid) in self.seen]


@contextmanager
def machine(*words: str, env: Mapping[str, str]) -> Iterator[Machine]:
    made = Machine(words, env)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.tell(signal.SIGKILL)
        made.process.wait()
        try:
            wait_until(lambda: not made.left())
        finally:
            for pid in made.left():
                os.kill(pid, signal.SIGKILL)
            # Nobody is left to write, so that the reader comes to its end.
            made.reading.join()
            assert made.process.stdout is not None
            made.process.stdout.close()


def children(pid: int) -> list[int]:
    """Of all its threads: an engine may be started by any."""
    return [one for one in everybody() if stat(one)[1:2] == [str(pid)]]


def everybody() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def stat(pid: int) -> list[str]:
    """Its state, parent, group…; nothing for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def group(pid: int) -> int | None:
    """Its process group; None for one that is gone, or is only a status that nobody has asked for."""
    about = stat(pid)
    return int(about[2]) if about and about[0] != "Z" else None
