"""An engine as processes: one group, started, told to end, and gone to the last one."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")  # where there is no Linux, the group's number must do
GONE_SECONDS = 10.0  # a killed process with much GPU memory takes a while to go


class EngineProcess:
    """A running engine under its guard."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.guard = subprocess.Popen(  # noqa: S603  the engine's command is ours
            [sys.executable, "-m", "inference.serving.guard", *command],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,  # held open for as long as we live
            start_new_session=True,
        )

    @property
    def ended(self) -> int | None:
        """The status with which it ended; None while it runs."""
        return self.guard.poll()

    def stop(self, seconds: float) -> None:
        """Tell the engine to end, and after so long end what is left of it."""
        if self.guard.poll() is None:
            self.guard.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.guard.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End every process of the group, and return when they are gone."""
        deadline = time.monotonic() + GONE_SECONDS
        while lives(self.guard.pid) and time.monotonic() < deadline:
            with suppress(ProcessLookupError):
                os.killpg(self.guard.pid, signal.SIGKILL)
            time.sleep(0.02)
            self.guard.poll()
        self.guard.wait()
        if self.guard.stdin:
            self.guard.stdin.close()


def lives(group: int) -> bool:
    """Whether any process of the group does. One that has ended does not, even if its parent never asks."""
    if not PROCESSES.is_dir():
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        return True
    for one in PROCESSES.glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _parent, its_group = one.read_text().rpartition(")")[2].split()[:3]
            if its_group == str(group) and state not in "ZX":
                return True
    return False


def can_listen(host: str, port: int) -> bool:
    """Whether an engine could have this port: another server there would answer in its place."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
