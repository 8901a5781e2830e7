"""Whether what serves a round's models can carry it: every worker keeps the pace that the round shows."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from inference.draining import in_service
from inference.models import Entry, Worker
from inference.reasons import WAITING
from inference.standing import why_refused_now
from leaderboard.rulebook import Rulebook

TOLD = 3  # so many are named; an organizer mends them one after the other


def why_not_carried(entries: Iterable[Entry], rules: Rulebook) -> str:
    """Why a round over them cannot open yet; "" if it can.

    Where one side cannot keep the pace, the lockstep runs dry, and its speed tells who it is. A round that shows
    answers as they come asks for nothing, nor does a demonstration (UNCHECKED_WORKERS).
    """
    if settings.UNCHECKED_WORKERS or not rules.pace:
        return ""
    return few_of([words for entry in entries for words in lacking(entry, rules.pace)])


def who_is_too_slow(entries: Iterable[Entry], pace: int) -> str:
    """Whose workers would not keep this pace in a round that is open already, with what was measured; "" if all would.

    Those out of service count, too, because they come back without new checks. An entry without any worker hinders
    nobody: its next one is checked by the new pace.
    """
    if settings.UNCHECKED_WORKERS:
        return ""
    asked = [entry.workers.filter(refused_because__in=["", *WAITING]).order_by("url") for entry in entries]
    return few_of([words for workers in asked for words in too_slow(workers.select_related("entry"), pace)])


def few_of(found: list[str]) -> str:
    more = [_("and {n} more").format(n=len(found) - TOLD)] if len(found) > TOLD else []
    return "; ".join(found[:TOLD] + more)


def lacking(entry: Entry, pace: int) -> Iterator[str]:
    """What is amiss with the workers of one entry."""
    serving = list(in_service(entry.workers.all()).select_related("entry").order_by("url"))
    if not serving:
        refused = next((why for worker in entry.workers.order_by("url") if (why := why_refused_now(worker))), "")
        words = _("no worker of {entry} is in service").format(entry=entry.name)
        yield f"{words} ({refused.rstrip('.')})" if refused else words
    yield from too_slow(serving, pace)


def too_slow(workers: Iterable[Worker], pace: int) -> Iterator[str]:
    """Which of them were not checked, or gave less than the pace."""
    for worker in workers:
        if not worker.registered or worker.pace is None:
            yield _("the worker of {entry} at {url} was not checked").format(entry=worker.entry.name, url=worker.url)
        elif worker.pace < pace:
            yield _("the worker of {entry} at {url} keeps {kept} characters a second, not {pace}").format(
                entry=worker.entry.name, url=worker.url, kept=f"{worker.pace:g}", pace=pace
            )
