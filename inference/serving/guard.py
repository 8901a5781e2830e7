"""Stands between an engine and whoever supervises it: `python -m inference.serving.guard COMMAND…`.

An engine is many processes, and a killed one leaves the others behind, with the GPU's memory (vLLM's EngineCore
outlives its API server). So they run in a process group that this small process leads. Its standard input is a pipe
that the supervisor holds and never writes to: the system closes it even for a supervisor that was killed, and then
nothing of the group stays. If the engine or this process ends instead, the supervisor ends the rest.
"""

import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Run the engine until it ends; its status, and that of a killed one as a shell tells it."""
    engine = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  what serve_worker would have us run
    threading.Thread(target=end_with_supervisor, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: engine.send_signal(signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to hear
    status = engine.wait()
    return status if status >= 0 else 128 - status


def end_with_supervisor() -> None:
    """Wait for standard input to end, then kill the whole group, this process included."""
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
