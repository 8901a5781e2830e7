"""How a worker stands, in figures and words, for its team and for organizers."""

from typing import Any

from inference.canaries import Drift, counting, drifts
from inference.models import Registration, Worker
from inference.reasons import CHECKS, figures, reason, why_refused


def standing(worker: Worker) -> dict[str, Any]:
    """Whether it is registered, the last checks, and what it has answered otherwise since."""
    runs = list(worker.registrations.order_by("id"))
    ended = [one for one in runs if one.ended_at]
    waiting = next((one for one in runs if one.ended_at is None), None)
    checks = ended[-1].checks if ended else []
    return {
        "registered": worker.registered,
        "refused_because": worker.refused_because,
        "reason": words_of(worker, checks),
        "pace": worker.pace,
        "checking": None if waiting is None else "running" if waiting.began_at else "waiting",
        "checks": [told_check(one) for one in checks],
        "drift": [told_drift(one) for one in drift_of(worker)],
    }


def why_refused_now(worker: Worker) -> str:
    """Why it is asked nothing, by its last checks; "" where it is asked."""
    last = worker.registrations.filter(ended_at__isnull=False).last()
    return words_of(worker, last.checks if last else [])


def words_of(worker: Worker, checks: list[dict[str, Any]]) -> str:
    """Why it is asked nothing; "" where it is."""
    if not worker.refused_because:
        return ""
    failed = [one for one in checks if one["code"] == worker.refused_because]
    return why_refused(checks) if failed else reason(worker.refused_because)


def told_check(check: dict[str, Any]) -> dict[str, Any]:
    why = "" if check["passed"] else reason(check["code"], check["told"])
    found = figures(check)
    return {
        "check": check["check"],
        "words": str(CHECKS[check["check"]]),
        "passed": check["passed"],
        "reason": why,
        "found": found,
    }


def drift_of(worker: Worker) -> list[Drift]:
    """What the worker has answered otherwise since it last registered."""
    counted: Registration | None = counting(worker) if worker.registered else None
    return drifts(counted) if counted else []


def told_drift(one: Drift) -> dict[str, Any]:
    return {
        "question": one.prompt,
        "times": one.times,
        "of": one.of,
        "first_at": one.first_at.isoformat(),
        "last_at": one.last_at.isoformat(),
        "now": one.now,
    }
