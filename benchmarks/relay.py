"""What the site costs between a worker and a visitor, and what its pacing hides. On the stand-in.

Beside it runs a bare pipe: two httpx streams whose blocks go into a socket as they are. Four figures:

    tokens a second   of the site without a pace and of the pipe, 64 streams of 100 tokens a second each, from the
                      moment when the last of them has begun to that when the first has ended (goal .7 of it)
    first token       what the site adds to the pipe's, on an open socket, one battle at a time (goal: p95 ≤ 15 ms)
    a battle          memory that stays and bytes on the wire (goal ≤ 1 MB)
    who is it?        eight workers of 15 to 120 tokens a second; how often a classifier that sees times and sizes of
                      frames names the worker of a side, without a pace (goal ≥ 80 %) and with one (goal ≤ 17.5 %)

On the embedded default, or on DATABASE_URL and REDIS_URL. Run: python -m benchmarks.relay
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import Queue, get_context
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import websockets
from numpy.typing import NDArray
from websockets.typing import Origin

from benchmarks.sites import in_own_process
from inference.standin import Standin
from tests.processes import answers, ended_at_last, free_port, fresh_database, own_redis
from tests.servers import serving, wait_until
from tests.visitor import NO_TLS

STREAMS = 64
RATE = 100  # tokens a second of each
WORDS = 1500  # of each answer: fifteen seconds, in which all of them have begun and none has ended for some time
ROUNDS = 3
ASKS = 60  # first tokens, one at a time
SPEEDS = (15, 30, 45, 60, 75, 90, 105, 120)  # tokens a second
ANSWER = 200  # words of an answer whose worker is to be known
CROWD = 8  # battles at once: as many as leave the machine idle, or its load would tell
PACE = 80  # characters a second, which the slowest of them sustains: it has 15 words of 7 or 8
FOLDS = 5


# --- the servers, each a process of its own ---


def run_standins(speeds: Sequence[int], urls: "Queue[list[str]]") -> None:
    with contextlib.ExitStack() as started:
        urls.put([started.enter_context(serving(Standin(delay=1 / speed))) for speed in speeds])
        time.sleep(24 * 3600)


@contextlib.contextmanager
def standins(speeds: Sequence[int]) -> Iterator[list[str]]:
    """A stand-in of each speed; yields where they answer."""
    spawn = get_context("spawn")
    urls: Queue[list[str]] = spawn.Queue()
    process = spawn.Process(target=run_standins, args=(speeds, urls))
    process.start()
    try:
        yield urls.get(timeout=60)
    finally:
        process.kill()
        process.join()


def open_round_over(urls: Sequence[str], pace: int) -> None:
    """An open round of an entry at each address. Called in a process that has the site's environment."""
    import django  # noqa: PLC0415  the environment comes first, here and below

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import Team  # noqa: PLC0415
    from inference.models import Entry, Worker  # noqa: PLC0415
    from leaderboard.rounds import open_round  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    entries = []
    for number, url in enumerate(urls):
        team = Team.objects.create(slug=f"team-{number}", name=f"Team {number}")
        entries.append(Entry.objects.create(team=team, slug=str(number), name=f"Entry {number}"))
        Worker.objects.create(entry=entries[-1], url=url, served_name="x", slots=1000, healthy=True, **measured())
    open_round(entries, ends_at=timezone.now() + timedelta(days=30), pace=pace)


def measured() -> dict[str, Any]:
    """What a worker is said to sustain, where that is asked."""
    from inference.models import Worker  # noqa: PLC0415

    return {"pace": 1000.0} if any(field.name == "pace" for field in Worker._meta.fields) else {}


@dataclass(frozen=True)
class Server:
    url: str
    pid: int

    def megabytes(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def site(urls: Sequence[str], pace: int) -> Iterator[Server]:
    """One web process of production over a database of its own."""
    with contextlib.ExitStack() as started:
        environment = {
            "DATA_DIR": started.enter_context(tempfile.TemporaryDirectory()),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "RUN_CELERY": "false",
            "LOG_LEVEL": "ERROR",
            "BATTLES_PER_ADDRESS": "1000000",
            "BATTLES_PER_VISITOR": "1000000",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        if os.environ.get("DATABASE_URL"):
            environment["DATABASE_URL"] = started.enter_context(fresh_database(os.environ["DATABASE_URL"]))
        if os.environ.get("REDIS_URL"):
            environment["REDIS_URL"] = own_redis(os.environ["REDIS_URL"])
        in_own_process(environment, open_round_over, urls, pace)
        yield started.enter_context(served(["config.web"], environment, "/healthz"))


@contextlib.contextmanager
def served(module: Sequence[str], environment: dict[str, str], path: str = "") -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", *module, "--port", str(port)]
    with ended_at_last(command, {**os.environ, **environment}) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url) or process.poll() is not None, seconds=60)
        assert process.poll() is None, process.stdout and process.stdout.read()
        yield Server(url, process.pid)


async def pipe(scope: Any, receive: Any, send: Any) -> None:
    """The least a relay can do: a prompt comes, and two streams go into the socket, block by block."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    async with httpx.AsyncClient(timeout=None, trust_env=False, verify=NO_TLS) as client:  # noqa: S113
        while (message := await receive())["type"] == "websocket.receive":
            asked = json.loads(message["text"])
            body = {"messages": [{"role": "user", "content": asked["text"]}], "stream": True}

            async def listen(url: str, body: Any = body) -> None:
                async with client.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
                    async for block in response.aiter_bytes():
                        await send({"type": "websocket.send", "bytes": block})

            await asyncio.gather(*(listen(url) for url in asked["urls"]))
            await send({"type": "websocket.send", "text": "end"})


# --- the visitors ---


@dataclass
class Heard:
    """What a visitor's socket got of one answer: seconds since the question, bytes, characters and words in each."""

    began: float = field(default_factory=time.perf_counter)
    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    lengths: list[tuple[int, int]] = field(default_factory=list)
    words: list[int] = field(default_factory=list)

    def add(self, message: str | bytes, words: int, lengths: tuple[int, int] = (0, 0)) -> None:
        self.times.append(time.perf_counter() - self.began)
        self.sizes.append(len(message.encode() if isinstance(message, str) else message))
        self.lengths.append(lengths)
        self.words.append(words)

    @property
    def first(self) -> float:
        """Seconds to the first words."""
        return next(at for at, words in zip(self.times, self.words, strict=True) if words)

    @property
    def last(self) -> float:
        return max(at for at, words in zip(self.times, self.words, strict=True) if words)


class Guest:
    """A visitor with a battle of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, trust_env=False, verify=NO_TLS, timeout=60)
        self.http.get("/").raise_for_status()
        self.headers = {"X-CSRFToken": self.http.cookies["csrftoken"], "Origin": server.url}
        started = self.http.post("/battles", headers=self.headers)
        started.raise_for_status()
        self.battle, self.path = started.json()["id"], started.json()["socket"]

    def socket(self) -> Any:
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        url = self.server.url.replace("http", "ws", 1) + self.path
        return websockets.connect(
            url, origin=Origin(self.server.url), additional_headers={"Cookie": cookies}, compression=None, proxy=None
        )

    async def ask(self, prompt: str, open_for: float = 0.0) -> Heard:
        async with self.socket() as socket:
            await asyncio.sleep(open_for)
            return await hear(socket, {"type": "prompt", "text": prompt})

    def names(self) -> list[int]:
        """Vote, and learn the number of the entry on each side."""
        voted = self.http.post(f"/battles/{self.battle}/vote", json={"winner": "tie"}, headers=self.headers)
        voted.raise_for_status()
        self.http.close()
        return [int(voted.json()["names"][side]["slug"]) for side in "ab"]


async def hear(socket: Any, question: dict[str, Any]) -> Heard:
    """Ask the site, and hear both answers out."""
    heard = Heard()
    await socket.send(json.dumps(question))
    while True:
        message = await socket.recv()
        frame = json.loads(message)
        if frame["type"] in {"void", "refused"}:
            sys.exit(f"the benchmark met {frame}")
        if frame["type"] not in {"asked", "queued"}:
            texts = frame.get("a", ""), frame.get("b", "")
            heard.add(message, sum(text.count("w") for text in texts), (len(texts[0]), len(texts[1])))
        if frame["type"] == "ready":
            return heard


async def hear_pipe(server: Server, prompt: str, urls: Sequence[str]) -> Heard:
    """Ask the pipe, and hear two streams out. Their blocks are taken as they are: no JSON is read."""
    async with websockets.connect(server.url.replace("http", "ws", 1), compression=None, proxy=None) as socket:
        heard = Heard()
        await socket.send(json.dumps({"text": prompt, "urls": urls}))
        while isinstance(message := await socket.recv(), bytes):
            heard.add(message, message.count(b'"content": "w') + message.count(b'"content": " w'))
        return heard


# --- the figures ---


async def together(asking: Sequence[Any]) -> tuple[list[Heard], float]:
    """All at once: what each heard, and tokens a second while all of them were heard."""
    heard = await asyncio.gather(*asking)
    begin = max(one.began + one.first for one in heard)
    end = min(one.began + one.last for one in heard)
    assert end - begin > 1, "the last began when the first had ended"
    within = (
        words for one in heard for at, words in zip(one.times, one.words, strict=True) if begin < one.began + at <= end
    )
    return heard, sum(within) / (end - begin)


def throughput(ours: Server, bare: Server, url: str) -> None:
    rows = []
    for _ in range(ROUNDS):
        guests = [Guest(ours) for _ in range(STREAMS // 2)]
        prompt = f"!words={WORDS}"
        memory, cpu = ours.megabytes(), (ours.cpu_seconds(), bare.cpu_seconds())
        heard, relayed = asyncio.run(together([guest.ask(prompt) for guest in guests]))
        grown = (ours.megabytes() - memory) / len(guests)
        _, piped = asyncio.run(together([hear_pipe(bare, prompt, [url, url]) for _ in guests]))
        spent = (ours.cpu_seconds() - cpu[0], bare.cpu_seconds() - cpu[1])
        wire = statistics.mean(sum(one.sizes) for one in heard) / 1e6
        rows.append((relayed / piped, relayed, piped, grown, wire, spent[0] / max(spent[1], 0.01)))
        for guest in guests:
            guest.http.close()
    ratio, relayed, piped, grown, wire, cpu_ratio = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"tokens a second, {STREAMS} streams: {relayed:.0f}, the pipe {piped:.0f}: {ratio:.2f} of it (goal .7)")
    print(f"processor time beside the pipe's: {cpu_ratio:.2f} ×")
    worst = max(row[3] for row in rows)
    print(f"a battle: {grown:.2f} MB of memory, {worst:.2f} at worst, and {wire:.2f} MB on the wire (goal 1)")


def first_tokens(ours: Server, bare: Server, url: str) -> None:
    prompt, relayed, piped = "!words=3", [], []

    async def one_after_another() -> None:
        for _ in range(ASKS):
            piped.append((await hear_pipe(bare, prompt, [url, url])).first)
            guest = Guest(ours)
            relayed.append((await guest.ask(prompt, open_for=0.1)).first)
            guest.http.close()

    asyncio.run(one_after_another())
    floor = statistics.median(piped)
    added = sorted(1000 * (first - floor) for first in relayed)
    p95, own = added[int(0.95 * len(added))], 1000 * (sorted(piped)[int(0.95 * len(piped))] - floor)
    print(
        f"first token: the site adds {statistics.median(added):.1f} ms, p95 {p95:.1f} ms (goal 15); "
        f"the pipe takes {1000 * floor:.1f} ms, and its own p95 is {own:.1f} ms later"
    )


async def battles(server: Server, number: int) -> list[tuple[Heard, list[int]]]:
    """So many battles by so many visitors, a crowd at a time: what was heard, and who it was."""
    free = asyncio.Semaphore(CROWD)

    async def one(place: int) -> tuple[Heard, list[int]]:
        async with free:
            await asyncio.sleep(0.05 * (place % CROWD))
            guest = await asyncio.to_thread(Guest, server)
            heard = await guest.ask(f"!words={ANSWER}")
            return heard, await asyncio.to_thread(guest.names)

    return await asyncio.gather(*(one(place) for place in range(number)))


def features(heard: Heard, side: int) -> list[float]:
    """What times, sizes and lengths of frames tell of one side, and of the other beside it."""
    found: list[float] = []
    times, sizes = np.array(heard.times), np.array(heard.sizes, float)
    for which in (side, 1 - side):
        lengths = np.array([length[which] for length in heard.lengths], float)
        spoken = np.flatnonzero(lengths)
        gaps = np.diff(times[spoken]) if len(spoken) > 2 else np.zeros(2)
        lasted = max(times[spoken[-1]] - times[spoken[0]], 1e-3)
        found += [
            times[spoken[0]],
            times[spoken[-1]],
            np.log(lengths[spoken[1:]].sum() / lasted + 1e-9),
            *(float(f(lengths[spoken])) for f in (np.mean, np.std, np.median)),
            *(float(f(gaps)) for f in (np.mean, np.std, np.median, np.max)),
            float(np.count_nonzero(gaps > 0.15)),
            float(len(spoken)),
        ]
    return [*found, times[-1], float(sizes.sum()), float(sizes.mean()), float(sizes.std()), float(len(sizes))]


def guessed_right(heard: Sequence[tuple[Heard, list[int]]]) -> dict[str, float]:
    """How often each classifier names the worker of a side, in battles that it has not learnt from."""
    samples = np.array([features(one, side) for one, _ in heard for side in (0, 1)])
    truth = np.array([names[side] for _, names in heard for side in (0, 1)])
    fold = np.repeat(np.arange(len(heard)) % FOLDS, 2)
    right: dict[str, float] = {}
    for name, classify in {"nearest neighbours": neighbours, "linear discriminant": discriminant}.items():
        hits = 0
        for part in range(FOLDS):
            learnt, asked = fold != part, fold == part
            mean, spread = samples[learnt].mean(0), samples[learnt].std(0) + 1e-9
            known, unknown = (samples[learnt] - mean) / spread, (samples[asked] - mean) / spread
            hits += int(np.count_nonzero(classify(known, truth[learnt], unknown) == truth[asked]))
        right[name] = hits / len(truth)
    return right


Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]


def neighbours(known: Matrix, truth: Labels, unknown: Matrix, count: int = 7) -> Labels:
    distance = ((unknown[:, None, :] - known[None, :, :]) ** 2).sum(2)
    nearest = truth[np.argsort(distance, axis=1)[:, :count]]
    return np.array([np.bincount(row, minlength=len(SPEEDS)).argmax() for row in nearest])


def discriminant(known: Matrix, truth: Labels, unknown: Matrix) -> Labels:
    """Linear discriminant analysis, with a little of the unit matrix so that equal columns do no harm."""
    labels = np.unique(truth)
    means = np.array([known[truth == label].mean(0) for label in labels])
    within = known - means[np.searchsorted(labels, truth)]
    covariance = within.T @ within / len(known) + 0.05 * np.eye(known.shape[1])
    weights = np.linalg.solve(covariance, means.T)
    scores = unknown @ weights - 0.5 * np.einsum("ij,ji->i", means, weights)
    return np.asarray(labels[scores.argmax(1)])


def who_is_it(number: int) -> None:
    with standins(SPEEDS) as urls:
        for pace, goal in ((0, "≥ 80 %"), (PACE, "≤ 17.5 %")):
            with site(urls, pace) as ours:
                heard = asyncio.run(battles(ours, number))
            right = guessed_right(heard)
            told = ", ".join(f"{share:.1%} by {name}" for name, share in right.items())
            margin = 1.96 * (max(right.values()) * (1 - max(right.values())) / (2 * number)) ** 0.5
            paces = f"at {pace} characters a second" if pace else "without a pace"
            print(f"known by timing {paces}: {told} (± {margin:.1%}; chance {1 / len(SPEEDS):.1%}; goal {goal})")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.relay", description=__doc__)
    options.add_argument("--battles", type=int, default=160, help="for each half of the last figure; 0: leave it out")
    options.add_argument("--only-who", action="store_true", help="the last figure alone")
    chosen = options.parse_args()
    if not chosen.only_who:
        with standins([RATE]) as (url,), site([url] * 2, 0) as ours:
            bare_command = ["uvicorn", "benchmarks.relay:pipe", "--log-level", "critical", "--lifespan", "off"]
            with served(bare_command, {}) as bare:
                first_tokens(ours, bare, url)
                throughput(ours, bare, url)
    if chosen.battles:
        who_is_it(chosen.battles)


if __name__ == "__main__":
    main()
