"""Questions of our own, asked of a worker at temperature 0 when it registers and on a schedule ever after.

The same model on the same server answers them alike, or nearly: replies that are worked on together are not always
rounded alike, so that a question may have several answers. All that came at registration are expected; what comes
later and is not among them is drift. One strange answer is noise, and as many as half of the questions another model.
A question whose answers already differed at registration as a rule tells nothing and is left out of that.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from inference.models import Canary, Registration, Worker

QUESTIONS: Mapping[str, str] = {
    "capitals": "List the capitals of France, Japan, Egypt, Brazil and Kenya, in this order.",
    "hangul": "훈민정음이 무엇인지 두 문장으로 설명해 주세요.",
    "sum": "Compute 17 * 23 + 4. Show the steps.",
    "story": "Continue this story in two sentences: The lighthouse keeper found a letter in the sand.",
    "reversal": "'서울의 가을 하늘'이라는 말을 거꾸로 써 주세요.",
}
TOKENS = 48  # of each answer
REPETITIONS = 4
KEPT = 600  # characters of an answer


@dataclass(frozen=True, slots=True)
class Drift:
    """A question that was answered otherwise than at registration: how often, and since when."""

    prompt: str
    times: int
    of: int  # how often it was asked since it registered
    first_at: datetime
    last_at: datetime
    answers: tuple[str, ...]
    expected: tuple[str, ...]
    now: bool  # the last answer was one of them


def digest_of(answer: str) -> str:
    return hashlib.sha256(answer.encode()).hexdigest()


def keep(registration: Registration, answers: Iterable[tuple[str, str]], *, expected: bool) -> None:
    """Count answers, each with its question's name."""
    for prompt, answer in answers:
        known = Canary.objects.filter(registration=registration, prompt=prompt, digest=digest_of(answer))
        if known.update(times=F("times") + 1, last_at=Now()):
            continue
        try:
            with transaction.atomic():
                Canary.objects.create(
                    registration=registration,
                    prompt=prompt,
                    digest=digest_of(answer),
                    answer=answer[:KEPT],
                    expected=expected,
                )
        except IntegrityError:  # it came a second time meanwhile
            known.update(times=F("times") + 1, last_at=Now())


def steady(answers: Iterable[Canary]) -> bool:
    """Whether a question tells anything: at least half of the answers that are expected of it are the same."""
    given = [one.times for one in answers if one.expected]
    return bool(given) and 2 * max(given) >= sum(given)


def counting(worker: Worker) -> Registration | None:
    """The run of checks whose answers are expected of the worker: the last one that it passed."""
    return worker.registrations.filter(ended_at__isnull=False, canaries__expected=True).distinct().last()


def drifts(registration: Registration) -> list[Drift]:
    """What was answered otherwise, question by question."""
    by_prompt: dict[str, list[Canary]] = defaultdict(list)
    for one in registration.canaries.all():
        by_prompt[one.prompt].append(one)
    found = []
    for prompt, answers in by_prompt.items():
        strange = [one for one in answers if not one.expected]
        if strange and steady(answers):
            newest = max(answers, key=lambda one: one.last_at)
            found.append(
                Drift(
                    prompt,
                    times=sum(one.times for one in strange),
                    of=sum(one.times for one in answers) - REPETITIONS,
                    first_at=min(one.first_at for one in strange),
                    last_at=max(one.last_at for one in strange),
                    answers=tuple(one.answer for one in strange),
                    expected=tuple(one.answer for one in answers if one.expected),
                    now=not newest.expected,
                )
            )
    return sorted(found, key=lambda one: one.prompt)


def is_another(registration: Registration) -> bool:
    """Whether it answers as another model would: half of the questions that tell anything, the last time."""
    by_prompt: dict[str, list[Canary]] = defaultdict(list)
    for one in registration.canaries.all():
        by_prompt[one.prompt].append(one)
    telling = sum(steady(answers) for answers in by_prompt.values())
    strange = sum(one.now for one in drifts(registration))
    return bool(strange) and 2 * strange >= telling


def due() -> QuerySet[Registration]:
    """Those whose canaries are to be asked again, of workers that may be asked."""
    late = Q(repeated_at=None, ended_at__lt=Now() - timedelta(seconds=settings.CANARY_SECONDS))
    late |= Q(repeated_at__lt=Now() - timedelta(seconds=settings.CANARY_SECONDS))
    return Registration.objects.filter(late, worker__registered=True, worker__healthy=True).select_related(
        "worker__entry"
    )


def agreement(registration: Registration) -> tuple[int, int] | None:
    """How many questions were answered as some other worker of the entry does, of how many; None if there is none."""
    worker = registration.worker
    others = [counting(other) for other in worker.entry.workers.filter(registered=True).exclude(pk=worker.pk)]
    known = Counter(
        (one.prompt, one.digest)
        for other in others
        if other is not None
        for one in other.canaries.filter(expected=True)
    )
    if not known:
        return None
    own = list(registration.canaries.filter(expected=True))
    prompts = {one.prompt for one in own}
    alike = {one.prompt for one in own if (one.prompt, one.digest) in known}
    return len(alike), len(prompts)
