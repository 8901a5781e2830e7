"""A call as everybody may see it: who applies once it has closed, how the panel voted once it is decided."""

from typing import Any

from leaderboard.calls import Stage, outcome_of, sitting, stage
from leaderboard.models import Call, CallOutcome
from leaderboard.panels import Count, counts


def calls_told() -> list[dict[str, Any]]:
    """All calls, the newest first, in short."""
    return [_about(call, stage(call)) for call in Call.objects.select_related("after").order_by("-number")]


def call_told(number: int) -> dict[str, Any] | None:
    """One call in full; None if there is no such."""
    call = Call.objects.filter(number=min(number, 2**31 - 1)).select_related("after").first()
    if call is None:
        return None
    found = stage(call)
    public = found not in (Stage.ANNOUNCED, Stage.OPEN)
    size = sitting(call).count()
    outcome = outcome_of(call)
    return {
        **_about(call, found),
        "text": call.text,
        "text_ko": call.text_ko,
        "panel": size,
        "majority": size // 2 + 1 if size else None,
        "applications": [_application(one, decided=outcome is not None) for one in counts(call)] if public else [],
        "withdrawn": _withdrawn(call) if public else [],
        "outcome": outcome and _outcome(outcome),
    }


def _about(call: Call, found: Stage) -> dict[str, Any]:
    return {
        "number": call.number,
        "after": call.after.key,
        "stage": str(found),
        "places": call.places,
        "opens_at": call.opens_at.isoformat(),
        "closes_at": call.closes_at.isoformat(),
        "decides_at": call.decides_at.isoformat(),
    }


def _application(count: Count, *, decided: bool) -> dict[str, Any]:
    row = count.application
    votes = row.votes.select_related("panelist").order_by("panelist") if decided else ()
    seats = {pk: place for place, pk in enumerate(sitting(row.call).values_list("pk", flat=True), start=1)}
    told = {"yes": count.yes, "no": count.no, "abstain": count.abstain, "missing": count.missing}
    return {
        "team": row.team.name,
        "entry": {"slug": row.entry.slug, "name": row.entry.name},
        "statement": row.statement,
        "at": row.at.isoformat(),
        "count": told if decided else None,
        "votes": [
            {
                "seat": seats[vote.panelist_id],
                "verdict": vote.verdict,
                "reason": vote.reason,
                "reason_ko": vote.reason_ko,
            }
            for vote in votes
        ],
    }


def _withdrawn(call: Call) -> list[dict[str, Any]]:
    rows = call.applications.exclude(withdrawal=None).select_related("team", "entry", "withdrawal")
    return [
        {
            "team": row.team.name,
            "entry": {"slug": row.entry.slug, "name": row.entry.name},
            "at": row.withdrawal.at.isoformat(),
        }
        for row in rows
    ]


def _outcome(outcome: CallOutcome) -> dict[str, Any]:
    rows = outcome.call.applications.filter(pk__in=outcome.admitted).select_related("entry")
    return {
        "admitted": [{"slug": row.entry.slug, "name": row.entry.name} for row in rows],
        "into": outcome.into and outcome.into.key,
        "days": outcome.days,
        "at": outcome.settled_at and outcome.settled_at.isoformat(),
        "reason": outcome.reason,
        "reason_ko": outcome.reason_ko,
    }
