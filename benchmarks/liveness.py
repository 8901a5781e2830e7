"""Is one process responsive under fifty battles, and how long from a vote to everybody's board? On the stand-in.

Starts the site as `make demo MODELS=echo` does, on its embedded default or on DATABASE_URL and REDIS_URL.
Prints medians over several rounds. Run: python -m benchmarks.liveness
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import Queue, get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx

from tests.processes import RunningSite, running_site
from tests.visitor import Visitor, receive, send

BATTLES = 50
ROUNDS = 3
PROMPT = "!words=120 !delay=0.05"  # both sides speak for six seconds, twenty words a second each


def resident_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def request_times(address: str, stop: Event, times: "Queue[list[float]]") -> None:
    """Milliseconds of requests, twenty a second, until told to stop. A process of its own: it shares no
    interpreter with the fifty visitors, whose work is not the site's."""
    taken: list[float] = []
    with httpx.Client(trust_env=False) as client:
        while not stop.is_set() and len(taken) < 5000:
            start = time.perf_counter()
            client.get(address).raise_for_status()
            taken.append(1000 * (time.perf_counter() - start))
            stop.wait(0.05)
    times.put(taken)


@contextmanager
def watching(address: str) -> Iterator[list[float]]:
    """Fills the list with the times taken while the block ran."""
    spawn = get_context("spawn")
    stop, times = spawn.Event(), spawn.Queue()
    watcher = spawn.Process(target=request_times, args=(address, stop, times))
    watcher.start()
    found: list[float] = []
    try:
        yield found
    finally:
        stop.set()
        found += times.get(timeout=60)
        watcher.join()


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def battle(visitor: Visitor, ended: list[str]) -> None:
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": PROMPT})
        while (frame := receive(socket, timeout=60))["type"] in {"asked", "token"}:
            pass
        while frame["type"] == "done":
            frame = receive(socket)
    ended.append(frame["type"])


def fifty_battles(url: str) -> tuple[float, float, float]:
    """p95 in milliseconds: of health without load, of health and of the board's API while fifty battles stream."""
    with watching(f"{url}/healthz") as idle:
        time.sleep(3)
    visitors = [Visitor(url) for _ in range(BATTLES)]
    ended: list[str] = []
    battles = [threading.Thread(target=battle, args=(visitor, ended)) for visitor in visitors]
    with watching(f"{url}/healthz") as health, watching(f"{url}/api/v1/board") as board:
        for thread in battles:
            thread.start()
        for thread in battles:
            thread.join()
    for visitor in visitors:
        visitor.close()
    assert ended.count("ready") == BATTLES, f"only {ended.count('ready')} of {BATTLES} battles became ready"
    return p95(idle), p95(health), p95(board)


def vote_to_board(url: str) -> float:
    """Seconds from a vote's answer, which follows its commit, to the new board in another visitor's socket."""
    with closing(Visitor(url)) as voter, closing(Visitor(url)) as watcher:
        duel = voter.start()
        duel.ask("hello")
        with watcher.socket("/ws/board") as board:
            receive(board)
            assert duel.vote("a").status_code == 201
            start = time.perf_counter()
            receive(board)
            return time.perf_counter() - start


def measure(site: RunningSite) -> None:
    print(f"memory of the idle site: {resident_megabytes(site.process.pid):.0f} MB (goal 250)")
    waits = [vote_to_board(site.url) for _ in range(9)]
    print(f"vote to board: median {statistics.median(waits):.2f} s, worst of {len(waits)} {max(waits):.2f} s (goal 2)")
    rounds = [fifty_battles(site.url) for _ in range(ROUNDS)]
    idle, health, board = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"health p95 under {BATTLES} battles: {health:.1f} ms (goal 50), {health / idle:.1f} × that without load")
    print(f"board API p95 under {BATTLES} battles: {board:.1f} ms")
    print(f"memory after them: {resident_megabytes(site.process.pid):.0f} MB")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder), models="echo") as site:
        measure(site)


if __name__ == "__main__":
    main()
