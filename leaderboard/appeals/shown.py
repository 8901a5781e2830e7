"""What everybody is shown of a round's appeals: each with what was ruled on it, and before that only that it waits.

What an appeal says of others is read beside an answer, or not at all: so it is published with its ruling.
"""

from typing import Any

from leaderboard.appeals.waiting import carried_out_by
from leaderboard.models import Appeal, Round, Ruling, RulingEffect
from leaderboard.rulebook import in_force
from leaderboard.timeline import public_round


def appeals_told(key: str) -> dict[str, Any] | None:
    """A round's appeals as the API and the page tell them; None if there is no such round. A run-off has none."""
    contest = public_round(key)
    if contest is None or contest.run_off_of_id:
        return None
    appeals = list(contest.appeals.select_related("team").prefetch_related("files").order_by("number"))
    rules, rulings = in_force(contest), rulings_of(contest)
    return {
        "round": contest.number,
        "key": contest.key,
        "series": contest.series.slug,
        "title": contest.series.title,
        "title_ko": contest.series.title_ko,
        "state": contest.state,
        "appellants": rules.appellants,
        "appeal_days": rules.appeal_days,
        "appeals_end_at": contest.appeals_end_at.isoformat() if contest.appeals_end_at else None,
        "filed": len(appeals),
        "waiting": sum(appeal.waits for appeal in appeals),
        "withdrawn": sum(appeal.withdrawn_by_id is not None for appeal in appeals),
        "appeals": [appeal_told(appeal, rulings[appeal.pk]) for appeal in appeals if appeal.pk in rulings],
    }


def rulings_of(contest: Round) -> dict[int, Ruling]:
    """The rulings in force, by appeal."""
    found = Ruling.objects.filter(appeal__round=contest, confirmed_at__isnull=False)
    rows = found.select_related("part__entry", "appeal__round", "verdict").prefetch_related("dissents")
    return {ruling.appeal_id: ruling for ruling in rows}


def appeal_told(appeal: Appeal, ruling: Ruling) -> dict[str, Any]:
    """An appeal that was ruled on, as everybody may read it. Its files are the team's and the organizers'."""
    return {
        "number": appeal.number,
        "team": {"slug": appeal.team.slug, "name": appeal.team.name},
        "ground": appeal.ground,
        "filed_at": appeal.filed_at.isoformat(),
        "text": appeal.text,
        "asks": appeal.asks,
        "evidence": appeal.evidence,
        "files": [{"name": one.name, "size": one.size, "sha256": one.digest} for one in appeal.files.all()],
        "ruling": ruling_told(ruling),
    }


def ruling_told(ruling: Ruling) -> dict[str, Any]:
    step, decision = carried_out_by(ruling), ruling.decisions.first()
    return {
        "outcome": ruling.outcome,
        "effect": ruling.effect,
        "at": ruling.confirmed_at and ruling.confirmed_at.isoformat(),
        "reasons": ruling.reasons,
        "reasons_ko": ruling.reasons_ko,
        "reinstated": entry_told(ruling) if ruling.effect == RulingEffect.REINSTATE else None,
        "in_its_place": ruling.in_its_place,
        "verdict": verdict_told(ruling),
        "decision": decision and decision.edition,
        "carried_out_by": step and step.number,
        "dissents": [
            {"at": one.at.isoformat(), "words": one.words, "words_ko": one.words_ko} for one in ruling.dissents.all()
        ],
    }


def entry_told(ruling: Ruling) -> dict[str, Any] | None:
    """Whom it is about, if it is about one."""
    return {"slug": ruling.part.entry.slug, "name": ruling.part.entry.name} if ruling.part else None


def verdict_told(ruling: Ruling) -> dict[str, Any] | None:
    """The verdict that it gave, if it did."""
    if ruling.verdict is None:
        return None
    verdict = ruling.verdict
    return {"entry": entry_told(ruling), "axis": verdict.axis, "outcome": verdict.outcome, "number": verdict.number}
