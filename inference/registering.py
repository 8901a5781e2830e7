"""The checks that a worker must pass before it answers visitors. One that does not is kept, and asked nothing.

They are made in this order, up to the first that fails:

    free      what visitors asked of it before has ended
    address   a place where the site asks workers
    files     what its machine says of its weights and chat template is what the entry was entered with
    models    its list of models has the name, with a context that is long enough
    stream    a reply comes whole: piece by piece, with a reason for its end and a count of its tokens
    pace      with as many replies at once as it has slots, the slowest still comes as fast as its round shows it
    hang_up   those are cut off in the middle, and a new one is begun at once
    canaries  what it answers to our own questions is kept, so that another model in its place is noticed

All of it is bounded in time and tokens. While it lasts no battle comes to the worker, so that it is never asked for
more than its slots.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from inference.addresses import BadAddress, base_address
from inference.canaries import QUESTIONS, REPETITIONS, TOKENS, agreement, keep
from inference.database import in_database
from inference.entries import FILES, other_files
from inference.faults import Keyless, WorkerFault
from inference.line import counts
from inference.load import LoadAway, make_load
from inference.models import Registration, Worker
from inference.replies import Message, Reply, Sampling, client, close_client, headers, listen

CHECKING = "checking"  # why a worker is asked nothing meanwhile

ALONE = timedelta(minutes=5)  # a run that has not ended by then died with its process
LIST_LIMIT = 1 << 20  # bytes of a list of models
LIST_SECONDS = 10.0
ANSWER_TOKENS = 512  # of one reply while the pace is measured
PROMPT_TOKENS = 1024  # what a conversation may take beside the answer
WELL_SECONDS = 2.0  # a reply after those that were cut off begins within so long, and three times what one alone took
EXACT = Sampling(temperature=0.0, top_p=1.0, max_tokens=TOKENS)
FREE = Sampling(temperature=0.7, top_p=1.0, max_tokens=ANSWER_TOKENS)
HELLO = "Please say hello in one sentence."
# Korean is slower in characters a second than English, and the slowest counts.
PROSE = (
    "한국의 사계절에 대해 자세히 설명하는 긴 글을 써 주세요. 봄, 여름, 가을, 겨울을 차례로 다뤄 주세요.",
    "Write a long and detailed essay about the four seasons, one after the other, with several examples of each.",
)


class Failed(Exception):
    """A check was not passed. code: why, by the names in inference/reasons.py; told: the figures that it is about."""

    def __init__(self, code: str, **told: Any) -> None:
        super().__init__(code)
        self.code, self.told = code, told


class Underway(Exception):
    """The worker is being checked already."""


@dataclass(slots=True)
class Lane:
    """One of as many replies at once: how its words came while it spoke."""

    spoken: float = 0.0  # seconds of replies that are over
    said: int = 0  # characters of them
    words: list[tuple[float, int]] = field(default_factory=list)  # of the one that runs: when, how many characters
    slowest: float | None = None

    def hear(self, text: str) -> None:
        self.words.append((time.monotonic(), len(text)))

    def settle(self, shortest: float, *, cut_off: bool = False) -> None:
        """The reply is over, or cut off: how fast it was where it was slowest, but for its first moments."""
        if not self.words:
            return
        began, total = self.words[0][0], 0
        waits = [(time.monotonic(), 0)] if cut_off else []
        for at, length in [*self.words, *waits]:
            if (passed := at - began) >= shortest:
                pace = total / passed  # before what came at this moment
                self.slowest = pace if self.slowest is None else min(self.slowest, pace)
            total += length
        self.spoken, self.said = self.spoken + self.words[-1][0] - began, self.said + total
        self.words = []

    @property
    def pace(self) -> float:
        """Characters a second. Replies too short to tell alone count together."""
        if self.slowest is not None:
            return self.slowest
        return self.said / max(self.spoken, 0.01)


@dataclass(slots=True)
class Run:
    """The checks of one worker while they are made."""

    registration: Registration
    worker: Worker
    pace: float | None = None
    first: float = 0.0  # seconds to the first words of a reply alone

    async def free(self) -> dict[str, Any]:
        """Nothing new comes to it any more, so that what is under way soon ends."""
        limit = time.monotonic() + settings.WORKER_TOTAL_SECONDS
        while await taken_now(self.worker):
            if time.monotonic() > limit:
                raise Failed("busy")
            await asyncio.sleep(1)
        return {}

    async def address(self) -> dict[str, Any]:
        try:
            await in_database(base_address, self.worker.url)
        except BadAddress as why:
            raise Failed("address", why=str(why)) from None
        return {}

    async def files(self) -> dict[str, Any]:
        """A machine that says nothing of them passes: an address may be anybody's server."""
        entry = self.worker.entry
        if code := other_files(self.worker):
            raise Failed(code)
        return {"compared": sum(bool(getattr(entry, name) and getattr(self.worker, name)) for name in FILES)}

    async def models(self) -> dict[str, Any]:
        found = await models_of(self.worker)
        mine = next((one for one in found if one.get("id") == self.worker.served_name), None)
        if mine is None:
            raise Failed("other_model", names=[str(one.get("id"))[:100] for one in found[:5]])
        context = context_of(mine)
        wanted = max(self.worker.entry.context_length or 0, wanted_context(self.registration))
        if context is not None and context < wanted:
            raise Failed("short_context", context=context, wanted=wanted)
        return {"context": context, "wanted": wanted}

    async def stream(self) -> dict[str, Any]:
        reply, began = Reply(), time.monotonic()
        heard: list[float] = []
        # A model that thinks first may take long for its first words.
        room = Sampling(FREE.temperature, FREE.top_p, max(ANSWER_TOKENS, self.registration.wanted_tokens))
        await self.ask(HELLO, room, lambda _: heard.append(time.monotonic()), reply)
        if not heard:
            raise Failed("reply_spent" if reply.thought else "reply_speechless")
        if not reply.counted:
            raise Failed("uncounted")
        self.first = heard[0] - began
        return {"first": round(self.first, 2), "tokens": reply.tokens}

    async def measure(self) -> dict[str, Any]:
        lanes = [Lane() for _ in range(self.worker.slots)]
        running = [asyncio.create_task(self.keep_asking(lane, number)) for number, lane in enumerate(lanes)]
        done, _pending = await asyncio.wait(
            running, timeout=2 * self.first + settings.WORKER_PACE_SECONDS, return_when=asyncio.FIRST_EXCEPTION
        )
        # All are cut off at once, in the middle: what the next check is about.
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for task in done:
            if fault := task.exception():
                raise fault
        for lane in lanes:
            lane.settle(settings.WORKER_PACE_SECONDS / 4, cut_off=True)
        if silent := sum(not lane.said for lane in lanes):
            raise Failed("too_many", silent=silent, slots=self.worker.slots)
        self.pace = round(min(lane.pace for lane in lanes), 1)
        told = {"pace": self.pace, "wanted": self.registration.wanted_pace, "slots": self.worker.slots}
        if self.pace < self.registration.wanted_pace:
            raise Failed("slow", **told)
        return told

    async def keep_asking(self, lane: Lane, number: int) -> None:
        """One reply after the other, until cut off."""
        while True:
            await self.ask(PROSE[number % len(PROSE)], FREE, lane.hear, Reply())
            lane.settle(settings.WORKER_PACE_SECONDS / 4)

    async def hang_up(self) -> dict[str, Any]:
        limit = WELL_SECONDS + 3 * self.first
        reply, heard = Reply(), asyncio.Event()
        asking = asyncio.create_task(self.ask(HELLO, EXACT, lambda _: heard.set(), reply))
        began = time.monotonic()
        hearing = asyncio.create_task(heard.wait())
        await asyncio.wait({asking, hearing}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        for task in (asking, hearing):
            task.cancel()
        results = await asyncio.gather(asking, hearing, return_exceptions=True)
        if isinstance(results[0], WorkerFault):
            raise results[0]
        if not (heard.is_set() or reply.finish):
            raise Failed("deaf", limit=round(limit, 1))
        return {"first": round(time.monotonic() - began, 2)}

    async def canaries(self) -> dict[str, Any]:
        answers = await self.answers_alone() + await self.answers_together()
        await in_database(keep, self.registration, answers, expected=True)
        told: dict[str, Any] = {
            "questions": len(QUESTIONS),
            "answers": len(set(answers)),
        }
        if alike := await in_database(agreement, self.registration):
            told |= {"alike": alike[0], "of": alike[1]}
        return told

    async def answers_alone(self) -> list[tuple[str, str]]:
        return [
            (name, await answer_of(self.worker, question))
            for _ in range(REPETITIONS // 2)
            for name, question in QUESTIONS.items()
        ]

    async def answers_together(self) -> list[tuple[str, str]]:
        """The same while others are worked on: so it is in a contest, and not every server answers alike then."""
        room = asyncio.Semaphore(self.worker.slots)

        async def answer(name: str, question: str) -> tuple[str, str]:
            async with room:
                return name, await answer_of(self.worker, question)

        waiting = [answer(*one) for _ in range(REPETITIONS // 2) for one in QUESTIONS.items()]
        return list(await asyncio.gather(*waiting))

    async def ask(self, prompt: str, sampling: Sampling, hear: Callable[[str], None], reply: Reply) -> None:
        await listen(self.worker, asking(prompt), sampling, hear, reply)


def asking(prompt: str) -> list[Message]:
    return [{"role": "user", "content": prompt}]


async def answer_of(worker: Worker, question: str) -> str:
    """What it answers to one of our own questions. Raises WorkerFault."""
    said: list[str] = []
    reply = Reply()
    await listen(worker, asking(question), EXACT, said.append, reply)
    # Nobody keeps what a model thinks, but how long it thinks is as telling.
    return "".join(said) or f"({reply.thought} characters of thinking)"


async def models_of(worker: Worker) -> list[dict[str, Any]]:
    """Its list of models. Raises Failed."""
    body = b""
    try:
        async with (
            asyncio.timeout(LIST_SECONDS),
            client().stream("GET", f"{worker.url}/v1/models", headers=headers(worker)) as answer,
        ):
            if answer.status_code in (401, 403):
                raise Failed("wrong_key")
            if answer.status_code != 200:
                raise Failed("status", status=answer.status_code)
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > LIST_LIMIT:
                    raise Failed("no_list")
            found = httpx.Response(200, content=body).json()["data"]
    except (TimeoutError, httpx.TransportError, httpx.InvalidURL):
        raise Failed("unreachable") from None
    except (ValueError, KeyError, TypeError, httpx.DecodingError):
        raise Failed("no_list") from None
    if not isinstance(found, list):
        raise Failed("no_list")
    return [one for one in found if isinstance(one, dict)]


def context_of(model: dict[str, Any]) -> int | None:
    """How many tokens a conversation may have, where the list says it: vLLM's way, or llama.cpp's."""
    meta = model.get("meta")
    for told in (model.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None):
        if isinstance(told, int) and not isinstance(told, bool):
            return told
    return None


def wanted_context(registration: Registration) -> int:
    return registration.wanted_tokens + PROMPT_TOKENS if registration.wanted_tokens else 0


def ask_for_registration(worker: Worker, *, pace: int = 0, tokens: int = 0) -> Registration:
    """Have the worker checked soon. Raises Underway. pace, tokens: what its rounds ask of it."""
    try:
        with transaction.atomic():
            return Registration.objects.create(worker=worker, wanted_pace=pace, wanted_tokens=tokens)
    except IntegrityError:
        raise Underway from None


def next_registration() -> Registration | None:
    """One that waits, for whoever asks this to make. Nobody else gets it meanwhile."""
    idle = Q(began_at=None) | Q(began_at__lt=Now() - ALONE)
    for waiting in Registration.objects.filter(idle, ended_at=None).select_related("worker__entry"):
        if Registration.objects.filter(idle, pk=waiting.pk, ended_at=None).update(began_at=Now()):
            return waiting
    return None


def register(worker: Worker, *, pace: int = 0, tokens: int = 0) -> Registration:
    """Check the worker now; it is registered afterwards, or refused. Raises Underway."""
    registration = ask_for_registration(worker, pace=pace, tokens=tokens)
    Registration.objects.filter(pk=registration.pk).update(began_at=Now())
    return make(registration)


def make(registration: Registration) -> Registration:
    """Make the checks of a run that has begun, and let the worker in or keep it out."""
    worker = registration.worker = Worker.objects.select_related("entry").get(pk=registration.worker_id)
    before = worker.registered, worker.refused_because
    Worker.objects.filter(pk=worker.pk).update(registered=False, refused_because=CHECKING)
    run = Run(registration, worker)
    try:
        made = asyncio.run(all_checks(run))
    except BaseException:
        Worker.objects.filter(pk=worker.pk).update(registered=before[0], refused_because=before[1])
        raise
    refused = next((one["code"] for one in made if not one["passed"]), "")
    well: dict[str, Any] = {"healthy": True, "checked_at": Now()}
    with transaction.atomic():
        registration.checks = made
        Registration.objects.filter(pk=registration.pk).update(checks=made, ended_at=Now())
        Worker.objects.filter(pk=worker.pk).update(
            registered=not refused, refused_because=refused, pace=run.pace, **({} if refused else well)
        )
    registration.refresh_from_db()
    return registration


async def all_checks(run: Run) -> list[dict[str, Any]]:
    """Each check as it is kept: its name, whether it was passed, why not, and figures."""
    steps: Sequence[tuple[str, Callable[[], Awaitable[dict[str, Any]]]]] = (
        ("free", run.free),
        ("address", run.address),
        ("files", run.files),
        ("models", run.models),
        ("stream", run.stream),
        ("pace", run.measure),
        ("hang_up", run.hang_up),
        ("canaries", run.canaries),
    )
    made: list[dict[str, Any]] = []
    try:
        for name, check in steps:
            try:
                made.append({"check": name, "passed": True, "code": "", "told": await check()})
            except (Failed, WorkerFault) as why:
                told = why.told if isinstance(why, Failed) else {}
                code = why.code if isinstance(why, Failed) else f"reply_{why.kind}"
                made.append({"check": name, "passed": False, "code": code, "told": told})
                break
    finally:
        await close_client()
    return made


async def taken_now(worker: Worker) -> int:
    """How many of its places are taken, by all web processes."""
    if not settings.REDIS_URL:
        return counts([worker.pk])[worker.pk]
    load = make_load()
    try:
        record = await load.look({}, {})
    except LoadAway:
        return 0  # then each web process keeps to its share
    finally:
        await load.close()
    return sum(hold.worker == worker.pk for hold in record.holds.values())


def repeat_canaries(registration: Registration) -> None:
    """Ask once more what was asked at registration, and keep the answers. A worker with much to do is left alone."""
    asyncio.run(_repeat(registration))


async def _repeat(registration: Registration) -> None:
    worker = registration.worker
    try:
        # Beside visitors, never instead of one: where more than half of its places are taken, another time.
        if 2 * await taken_now(worker) >= worker.places:
            return
        said = Registration.objects.filter(pk=registration.pk)
        await in_database(said.update, repeated_at=Now())
        with suppress(WorkerFault, Keyless):  # what fails is the probe's and the breaker's to notice
            answers = [(name, await answer_of(worker, question)) for name, question in QUESTIONS.items()]
            await in_database(keep, registration, answers, expected=False)
    finally:
        await close_client()
