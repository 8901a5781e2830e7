"""Three hundred people ask at once what eight battles at a time can answer: is the line fair, and its estimate honest?

Four stand-ins of four places each answer with 40 to 120 words at twenty a second. Two web processes share them over
Redis where REDIS_URL is set, or one keeps the line in its memory. Needs DATABASE_URL. The wait is from a visitor's
first `queued` frame to the first words shown, of which about a second is the show's own beginning.
Run: python -m benchmarks.queue [--arrivals 300]
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Origin

from benchmarks.sites import Server, fresh_site, in_own_process, needs, uvicorn_of

ENTRIES, SLOTS = 4, 4
ARRIVING_SECONDS = 20.0
WORTH_TELLING = 5.0  # shorter waits are not estimated but seen
GOAL = 0.3


@dataclass
class Guest:
    """What one visitor was told, and when; None as long as it has not happened."""

    told: list[tuple[float, int, int]] = field(default_factory=list)
    first_words_at: float | None = None
    end: str = ""


@contextmanager
def stand_ins() -> Iterator[list[str]]:
    with ExitStack() as started:
        urls = []
        for number in range(ENTRIES):
            command = [sys.executable, "-m", "inference.standin", "--with-parent", "--name", f"standin-{number}"]
            process = started.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            started.callback(process.terminate)
            assert process.stdout is not None
            urls += json.loads(process.stdout.readline())["ready"].values()
        yield urls


def enter_workers(urls: list[str]) -> None:
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    from inference.models import Entry, Worker  # noqa: PLC0415

    for entry, url in zip(Entry.objects.order_by("pk"), urls, strict=True):
        Worker.objects.create(entry=entry, url=url, served_name=entry.slug, slots=SLOTS)


def faults() -> "Counter[str]":
    """How often which, of those turns that are void."""
    import django  # noqa: PLC0415

    django.setup()
    from arena.models import Turn  # noqa: PLC0415

    return Counter(Turn.objects.filter(state="void").values_list("fault", flat=True))


async def visit(base: str, guest: Guest, prompt: str) -> None:
    """One visitor, from the front page to the end of the answers."""
    async with httpx.AsyncClient(base_url=base, timeout=300, trust_env=False) as http:
        await http.get("/")
        sent = {"X-CSRFToken": http.cookies["csrftoken"], "Origin": base}
        battle = (await http.post("/battles", json={"agreed": True}, headers=sent)).json()
        cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    headers = {"Cookie": cookies}
    address = base.replace("http", "ws", 1) + battle["socket"]
    async with connect(
        address, origin=Origin(base), additional_headers=headers, proxy=None, open_timeout=120
    ) as socket:
        await socket.send(json.dumps({"type": "prompt", "text": prompt}))
        async for text in socket:
            frame: dict[str, Any] = json.loads(text)
            now = time.monotonic()
            if frame["type"] == "queued":
                guest.told.append((now, frame["place"], frame["seconds"]))
            elif frame["type"] == "token" and guest.first_words_at is None:
                guest.first_words_at = now
            elif frame["type"] in {"ready", "void", "refused"}:
                guest.end = frame.get("code", frame["type"])
                return


async def arrive(sites: list[Server], arrivals: int, seed: int) -> list[Guest]:
    chance = random.Random(seed)
    guests = [Guest() for _ in range(arrivals)]
    async with asyncio.TaskGroup() as all_of_them:
        for number, guest in enumerate(guests):
            base = f"http://127.0.0.1:{sites[number % len(sites)].port}"
            prompt = f"!words={chance.randint(40, 120)} !delay=0.05"
            all_of_them.create_task(visit(base, guest, prompt))
            await asyncio.sleep(ARRIVING_SECONDS / arrivals)
    return guests


def tell(guests: list[Guest], most: list[int], took: float) -> bool:
    """Print what was seen. Whether it is what the line promises."""
    waits = [
        (guest.told[0][2], guest.first_words_at - guest.told[0][0])
        for guest in guests
        if guest.told and guest.first_words_at is not None
    ]
    long_ones = [(told, real) for told, real in waits if real >= WORTH_TELLING]
    errors = sorted(abs(told - real) / real for told, real in long_ones)
    grown = sum(later[1] > before[1] for guest in guests for before, later in zip(guest.told, guest.told[1:]))  # noqa: B905
    ends = {end: sum(guest.end == end for guest in guests) for end in sorted({guest.end for guest in guests})}
    median, within = statistics.median(errors), sum(error <= GOAL for error in errors) / len(errors)
    print(f"{len(guests)} arrivals in {ARRIVING_SECONDS:.0f} s, served within {took:.0f} s; ended: {ends}")
    print(f"waited: {len(waits)}, longest {max(real for _, real in waits):.0f} s")
    print(f"places that grew: {grown} of {sum(len(guest.told) for guest in guests)} told")
    print(
        f"estimate told first against the wait, {len(errors)} waits of {WORTH_TELLING:.0f} s or more: "
        f"off by {median:.0%} (median), {errors[int(0.9 * len(errors))]:.0%} (nine in ten); "
        f"{within:.0%} within {GOAL:.0%}"
    )
    print(f"most replies at once: {most}, of {SLOTS} each")
    return not grown and median <= GOAL and max(most) <= SLOTS and ends == {"ready": len(guests)}


def main() -> None:
    needs("DATABASE_URL")
    options = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    options.add_argument("--arrivals", type=int, default=300)
    options.add_argument("--seed", type=int, default=20261129)
    chosen = options.parse_args()
    with fresh_site(ENTRIES) as environment, stand_ins() as urls, ExitStack() as started:
        environment |= {"LINE_PLACES": str(chosen.arrivals)}
        in_own_process(environment, enter_workers, urls)
        processes = 2 if os.environ.get("REDIS_URL") else 1
        # The first also probes: a worker that could not be reached once is out until it is found well.
        sites = [
            started.enter_context(
                uvicorn_of("config.asgi:application", environment | {"RUN_CELERY": str(number == 0).lower()})
            )
            for number in range(processes)
        ]
        print(
            f"{processes} web process(es), {ENTRIES} models of {SLOTS} places: {ENTRIES * SLOTS // 2} battles at once"
        )
        began = time.monotonic()
        guests = asyncio.run(arrive(sites, chosen.arrivals, chosen.seed))
        most = [httpx.get(f"{url}/counts", trust_env=False).json()["most"] for url in urls]
        kept = tell(guests, most, time.monotonic() - began)
        if void := in_own_process(environment, faults):
            print(f"void: {dict(void)}")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
