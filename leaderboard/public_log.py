"""The public log: what was decided and what went wrong, of all kinds in one list, newest first.

Each kind is one function from a `Window` to lines; whoever adds one puts it into KINDS. Of a draft nothing is told, and
of a frozen board nothing that its public edition does not tell.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from leaderboard.allegations import hidden_until
from leaderboard.cut.beacons import network_of
from leaderboard.models import (
    Allegation,
    AllegationChange,
    Application,
    BeaconValue,
    Call,
    CallOutcome,
    Decision,
    EligibilityVerdict,
    Freeze,
    Hiding,
    Incident,
    NamedBeacon,
    OfficialList,
    ParticipationChange,
    Round,
    RoundState,
    RulebookVersion,
    Ruling,
    Transition,
)
from leaderboard.official import midnight
from leaderboard.participations import UNSAID

# A database may store a moment more coarsely than it compares it.
COARSE = timedelta(milliseconds=1)


class Mark(NamedTuple):
    """A line's place in the log; of two, the greater is the newer."""

    at: datetime
    kind: str
    row: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{self.kind}-{self.row}"


def mark_named(text: str) -> Mark | None:
    """The place that its text means; None if it means none."""
    moment, _dash, rest = text.partition("-")
    kind, _dash, row = rest.partition("-")
    if kind not in KINDS or not (row.isascii() and row.isdecimal() and len(row) < 19):
        return None
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Mark(at, kind, int(row)) if MINYEAR < at.year < MAXYEAR else None  # there is a moment beside it


@dataclass(frozen=True, slots=True)
class Line:
    """One line. entry: its slug and name, if it is about one; told: what else the kind has to say."""

    mark: Mark
    round: Round | None
    entry: tuple[str, str] | None = None
    told: Mapping[str, Any] | None = None
    reason: str = ""
    reason_ko: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Which lines are asked for: older than a mark, of one round, and no more than so many of a kind."""

    before: Mark | None
    contest: Round | None
    most: int

    def of(self, rows: QuerySet[Any], kind: str, *, contest: str = "round", at: str = "at") -> list[Any]:
        """Of these rows, those in the window, newest first. contest, at: the names of their round and their time."""
        seen = rows.exclude(**{f"{contest}__state": RoundState.DRAFT})
        if self.contest:
            seen = seen.filter(**{contest: self.contest})
        most = self.most
        if self.before:
            edge = self.before.at
            beside = seen.filter(**{f"{at}__gte": edge - COARSE, f"{at}__lte": edge + COARSE})
            most += beside.count()
            seen = seen.filter(**{f"{at}__lte": edge + COARSE})
        found = seen.order_by(f"-{at}", "-pk")[:most]
        return [row for row in found if not self.before or Mark(getattr(row, at), kind, row.pk) < self.before]


def transitions(window: Window) -> Iterable[Line]:
    """Steps of rounds."""
    for row in window.of(Transition.objects.select_related("round__series"), "transition"):
        told = {
            "from": row.from_state or None,
            "to": row.to_state,
            "actor": row.actor,
            "signed_by_two": row.confirmed_by_id is not None,
        }
        yield Line(Mark(row.at, "transition", row.pk), row.round, None, told, row.reason, row.reason_ko)


def participation_changes(window: Window) -> Iterable[Line]:
    """What became of entries in a round; that they took part from its opening goes without saying."""
    rows = ParticipationChange.objects.exclude(before="", participation__role__in=UNSAID)
    rows = rows.select_related("participation__round__series", "participation__entry", "exclusion__verdict")
    for row in window.of(rows, "participation", contest="participation__round"):
        exclusion = getattr(row, "exclusion", None)
        part = row.participation
        told = {
            "from": row.before or None,
            "to": row.after,
            "axis": exclusion.verdict.axis if exclusion else None,
        }
        mark = Mark(row.at, "participation", row.pk)
        yield Line(mark, part.round, (part.entry.slug, part.entry.name), told, row.reason, row.reason_ko)


def amendments(window: Window) -> Iterable[Line]:
    """Rulebooks that were amended."""
    rows = RulebookVersion.objects.filter(version__gt=1).select_related("round__series")
    for row in window.of(rows, "amendment", at="created_at"):
        told = {"version": row.version, "digest": row.digest}
        yield Line(Mark(row.created_at, "amendment", row.pk), row.round, None, told, row.reason, row.reason_ko)


def decisions(window: Window) -> Iterable[Line]:
    """Who goes by the votes and the rules, edition by edition; in full, each stands on the page of the round's cut."""
    rows = Decision.objects.select_related("round__series")
    for row in window.of(rows, "decision"):
        content = json.loads(row.content)
        told = {
            "edition": row.edition,
            "cause": row.cause,
            "goes": content["goes"],
            "decided_by": content["decided_by"],
            "digest": row.digest,
        }
        yield Line(Mark(row.at, "decision", row.pk), row.round, None, told)


def verdicts(window: Window) -> Iterable[Line]:
    """Whether entries may compete."""
    rows = EligibilityVerdict.objects.select_related("part__round__series", "part__entry")
    for row in window.of(rows, "verdict", contest="part__round"):
        told = {
            "axis": row.axis,
            "number": row.number,
            "outcome": row.outcome,
            "signed_by_two": row.confirmed_by_id is not None,
        }
        entry = row.part.entry
        mark = Mark(row.at, "verdict", row.pk)
        yield Line(mark, row.part.round, (entry.slug, entry.name), told, row.reason, row.reason_ko)


def allegations(window: Window) -> Iterable[Line]:
    """What is alleged against entries; what it says stands on the page of the round, unless it is hidden."""
    rows = Allegation.objects.select_related("round__series", "entry", "team").prefetch_related("hidings")
    for row in window.of(rows, "allegation"):
        told = {
            "number": row.pk,
            "axis": row.axis,
            "source": row.source,
            "team": row.team.name if row.team else None,
            "hidden": hidden_until(row) is not None,
        }
        yield Line(Mark(row.at, "allegation", row.pk), row.round, (row.entry.slug, row.entry.name), told)


def settlements(window: Window) -> Iterable[Line]:
    """What became of allegations."""
    rows = AllegationChange.objects.select_related("allegation__round__series", "allegation__entry")
    for row in window.of(rows, "settlement", contest="allegation__round"):
        about = row.allegation
        told = {"number": about.pk, "axis": about.axis, "from": row.before, "to": row.after}
        mark = Mark(row.at, "settlement", row.pk)
        yield Line(mark, about.round, (about.entry.slug, about.entry.name), told, row.reason, row.reason_ko)


def hidings(window: Window) -> Iterable[Line]:
    """Rights notices: what is hidden, for how long, and that it is shown again."""
    rows = Hiding.objects.select_related("allegation__round__series", "allegation__entry")
    for row in window.of(rows, "hiding", contest="allegation__round"):
        about = row.allegation
        told = {"number": about.pk, "axis": about.axis, "days": row.days}
        mark = Mark(row.at, "hiding", row.pk)
        yield Line(mark, about.round, (about.entry.slug, about.entry.name), told, row.reason, row.reason_ko)


def rulings(window: Window) -> Iterable[Line]:
    """What was ruled on appeals; both, in full, stand on the page of the round's appeals."""
    rows = Ruling.objects.filter(confirmed_at__isnull=False)
    rows = rows.select_related("appeal__round__series", "appeal__team", "part__entry")
    for row in window.of(rows, "ruling", contest="appeal__round", at="confirmed_at"):
        told = {
            "number": row.appeal.number,
            "team": row.appeal.team.name,
            "ground": row.appeal.ground,
            "outcome": row.outcome,
            "effect": row.effect,
        }
        entry = (row.part.entry.slug, row.part.entry.name) if row.part else None
        yield Line(Mark(row.confirmed_at, "ruling", row.pk), row.appeal.round, entry, told)


def beacons(window: Window) -> Iterable[Line]:
    """Which public random number was named to decide a last tie."""
    for row in window.of(NamedBeacon.objects.select_related("round__series"), "beacon"):
        told = {
            "source": network_of(row).title,
            "number": row.beacon_round,
            "published_at": row.published_at.isoformat(),
        }
        yield Line(Mark(row.at, "beacon", row.pk), row.round, None, told)


def beacon_values(window: Window) -> Iterable[Line]:
    """The values of these numbers, once two have signed them."""
    rows = BeaconValue.objects.filter(confirmed_at__isnull=False).select_related("beacon__round__series")
    for row in window.of(rows, "beacon_value", contest="beacon__round", at="confirmed_at"):
        named = row.beacon
        told = {"source": network_of(named).title, "number": named.beacon_round, "value": row.value}
        yield Line(Mark(row.confirmed_at, "beacon_value", row.pk), named.round, None, told)


def set_asides(window: Window) -> Iterable[Line]:
    """How many votes were kept and not counted, by the day, as the figures of the round tell it as well."""
    rounds = Round.objects.filter(series__lists__isnull=False).select_related("series").distinct()
    contests = [window.contest] if window.contest else rounds
    for contest in contests:
        yield from _set_aside_in(contest, window)


def _set_aside_in(contest: Round, window: Window) -> Iterable[Line]:
    rows = OfficialList.objects.filter(series=contest.series_id).order_by("date")
    frozen = Freeze.objects.filter(round=contest).select_related("board").first()
    if frozen:  # nothing is told of the days after the board that everybody is shown
        rows = rows.filter(date__lte=timezone.localdate(frozen.board.created_at))
    before, lines = 0, []
    for row in rows:
        aside = row.position - row.votes
        mark = Mark(midnight(row.date), "set_aside", row.pk)
        if aside > before and (window.before is None or mark < window.before):
            lines.append(Line(mark, contest, None, {"votes": aside - before, "in_all": aside}))
        before = aside
    return lines[-window.most :]


def incidents(window: Window) -> Iterable[Line]:
    """What went wrong, as organizers tell it."""
    for row in window.of(Incident.objects.select_related("round__series"), "incident"):
        told = {
            "what": row.what,
            "what_ko": row.what_ko,
            "done": row.done,
            "done_ko": row.done_ko,
            "began_at": row.began_at.isoformat(),
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        }
        yield Line(Mark(row.at, "incident", row.pk), row.round, None, told)


def calls(window: Window) -> Iterable[Line]:
    """Calls for one more model after a final round."""
    for row in window.of(Call.objects.select_related("after__series"), "call", contest="after"):
        told = {
            "number": row.number,
            "places": row.places,
            "opens_at": row.opens_at.isoformat(),
            "closes_at": row.closes_at.isoformat(),
        }
        yield Line(Mark(row.at, "call", row.pk), row.after, None, told)


def call_outcomes(window: Window) -> Iterable[Line]:
    """What came of calls, once two have confirmed it."""
    rows = CallOutcome.objects.filter(confirmed_by__isnull=False).select_related("call__after__series")
    for row in window.of(rows, "call_outcome", contest="call__after", at="settled_at"):
        admitted = Application.objects.filter(call=row.call, pk__in=row.admitted).select_related("entry")
        told = {"number": row.call.number, "admitted": sorted(one.entry.slug for one in admitted)}
        mark = Mark(row.settled_at, "call_outcome", row.pk)
        yield Line(mark, row.call.after, None, told, row.reason, row.reason_ko)


KINDS: Mapping[str, Callable[[Window], Iterable[Line]]] = {
    "transition": transitions,
    "participation": participation_changes,
    "amendment": amendments,
    "decision": decisions,
    "verdict": verdicts,
    "allegation": allegations,
    "settlement": settlements,
    "hiding": hidings,
    "ruling": rulings,
    "beacon": beacons,
    "beacon_value": beacon_values,
    "call": calls,
    "call_outcome": call_outcomes,
    "set_aside": set_asides,
    "incident": incidents,
}


def page(
    *, kind: str | None = None, contest: Round | None = None, before: Mark | None = None, most: int = 50
) -> tuple[list[Line], Mark | None]:
    """So many lines, newest first, and the mark before which there are more; None where there are none."""
    window = Window(before, contest, most + 1)
    wanted = [KINDS[kind]] if kind else KINDS.values()
    lines = sorted((line for of_kind in wanted for line in of_kind(window)), key=lambda line: line.mark, reverse=True)
    return lines[:most], lines[most - 1].mark if len(lines) > most else None


def as_told(line: Line) -> dict[str, Any]:
    """A line as the API tells it."""
    return {
        "kind": line.mark.kind,
        "at": line.mark.at.isoformat(),
        "round": line.round.key if line.round else None,
        "entry": {"slug": line.entry[0], "name": line.entry[1]} if line.entry else None,
        "told": line.told or {},
        "reason": line.reason,
        "reason_ko": line.reason_ko,
    }
