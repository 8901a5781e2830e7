"""Boards: made from a tally, stored for good, shown alike by page, socket and API."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from inference.models import Entry
from leaderboard.editions import newest, served, shown
from leaderboard.field import EVERYBODY, Field, field_of
from leaderboard.judging import Line, early_of, foretell, judge, line_of, rated, votes_of
from leaderboard.models import (
    LIVE,
    UNOPENED,
    Board,
    Folded,
    Margin,
    OfficialList,
    Round,
    RoundState,
    Series,
    Standing,
)
from leaderboard.outlook import outlook
from leaderboard.rulebook import Rulebook, in_force
from leaderboard.scoring.on_boards import judge_by_total
from rating import Fit, Intervals, Settings, Tally, parameters

HISTORY_POINTS = 400  # more than a chart can show


def publish_board(
    series: Series,
    folded: Folded,
    made: Fit,
    names: Mapping[str, str],
    *,
    intervals: Intervals,
    votes: Tally | None = None,
) -> Board:
    """Store a fit as the next board of the series, inside the caller's transaction.

    names: the name to show for each slug; intervals: what the fit took a draw for; votes: those of a round.
    """
    last = Board.objects.filter(series=series).aggregate(last=Max("number"))["last"] or 0
    contest = Round.objects.filter(series=series).first()
    rules = in_force(contest) if contest else None
    field = field_of(contest, rules) if contest and rules else EVERYBODY
    standings = rated(folded.slugs, made, field)
    told = None
    early = early_of(folded.slugs, made, rules.minimum_votes) if rules else frozenset[str]()
    if contest and rules and rules.components:
        judge_by_total(standings, contest, rules, early)
    elif contest and rules:
        line, locked_out = line_of(standings, rules.cut_size), frozenset[str]()
        if contest.state in LIVE and line and votes is not None:
            foretell(standings, rules.cut_size, folded.slugs, made, field)
            known = Margin.objects.filter(series=series).first()
            told, locked_out = outlook(made, votes, rules.cut_size, folded.slugs, field, known)
        judge(standings, contest, line, early, locked_out)
    board = Board.objects.create(
        series=series,
        number=last + 1,
        position=folded.position,
        votes=votes_of(made),
        parameters=parameters(settings_of(folded.slugs, made, field, rules, intervals)),
        outlook=told,
        since=OfficialList.objects.filter(series=series).aggregate(last=Max("date"))["last"],
    )
    entries = dict(Entry.objects.filter(slug__in=folded.slugs).values_list("slug", "id"))
    for standing in standings:
        standing.board = board
        standing.name = names[standing.slug]
        # An imported name may be spelt like an entry of ours and is still somebody else.
        standing.entry_id = entries.get(standing.slug) if contest else None
    Standing.objects.bulk_create(standings)
    return board


def settings_of(
    slugs: Sequence[str], made: Fit, field: Field, rules: Rulebook | None, intervals: Intervals
) -> Settings:
    """What makes the same board of its ballots. Those whom no ballot names are not in their file either."""
    named = {slug for slug, votes in zip(slugs, made.votes, strict=True) if votes > 0}
    return Settings(
        intervals=intervals,
        minimum_votes=rules.minimum_votes if rules else 0,
        below=rules.cut_size if rules else None,
        unranked=tuple(sorted(named.intersection(field.beside))),
        reference=field.reference if field.reference in named else None,
    )


def current_series() -> Series | None:
    """What a visitor means by "the board": the live round's, else the last round's, else the last import."""
    rounds = opened().order_by("-number", "-leg").select_related("series")
    contest = rounds.filter(state__in=LIVE).first() or rounds.first()
    return contest.series if contest else Series.objects.order_by("-created_at").first()


def find_series(slug: str | None) -> Series | None:
    if not slug:
        return current_series()
    # What no slug can be is not asked for: PostgreSQL refuses a NUL with an error.
    return Series.objects.filter(slug=slug).first() if slug.isprintable() else None


def board(slug: str | None = None, *, live: bool = False) -> dict[str, Any] | None:
    """The edition of a series that is served, as the API, the page and the socket show it.

    live: the newest edition instead, which is for organizers alone.
    """
    series = find_series(slug)
    found = (newest(series) if live else served(series)) if series else None
    return as_told(series, found) if series and found else None


def as_told(series: Series, found: Board) -> dict[str, Any]:
    """An edition, as the API, the page and the socket show it."""
    standings = list(found.standings.all())
    before = _listed(series, found.since)
    return {
        "series": series.slug,
        "number": found.number,
        "votes": found.votes,
        "title": series.title,
        "title_ko": series.title_ko,
        "note": series.note,
        "note_ko": series.note_ko,
        "created_at": found.created_at.isoformat(),
        "since": found.since and found.since.isoformat(),
        "parameters": found.parameters,
        "round": _round(series, found, standings),
        "standings": [_standing(standing, before.get(standing.slug)) for standing in standings],
    }


def _listed(series: Series, day: date | None) -> dict[str, tuple[int, float]]:
    """Rank and rating of those who had a rank on an official list, by slug."""
    if day is None:
        return {}
    ranked = Standing.objects.filter(board__lists__series=series, board__lists__date=day, rank__isnull=False)
    return {slug: (rank or 0, rating) for slug, rank, rating in ranked.values_list("slug", "rank", "rating")}


def edition(slug: str | None = None) -> str | None:
    """Stands for all that `board` tells: who knows it needs no board. Two small queries; None if there is no board."""
    following = opened_after(OuterRef("series__round__number"), OuterRef("series__round__leg")).values("id")[:1]
    found = find_series(slug)
    if found is None:
        return None
    series = [f"series__{field}" for field in ("title", "title_ko", "note", "note_ko")]
    contest = [f"series__round__{field}" for field in ("state", "ends_at", "freezes_at", "cut_size")]
    told = shown(found).values_list("id", *series, *contest, Subquery(following)).first()
    return told and hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def opened_after(number: Any, leg: Any) -> QuerySet[Round]:
    """The rounds and run-offs past one that have a board, in order. Drafts are nobody's business yet."""
    later = Q(number__gt=number) | Q(number=number, leg__gt=leg)
    return opened().filter(later).order_by("number", "leg")


def opened() -> QuerySet[Round]:
    """The rounds that have a board: not those to come, nor a run-off that was annulled before it opened."""
    return Round.objects.exclude(state__in=UNOPENED).filter(series__boards__number=1)


def _round(series: Series, found: Board, standings: Sequence[Standing]) -> dict[str, Any] | None:
    contest = Round.objects.filter(series=series).first()
    if contest is None:
        return None
    # That of the edition's own rules: an amendment is none of a board that stands still.
    cut_size = found.parameters.get("below") or contest.cut_size
    line = None if contest.state == RoundState.ANNULLED else rating_line(contest, standings, cut_size)
    following = opened_after(contest.number, contest.leg).select_related("series").first()
    return {
        "number": contest.number,
        "key": contest.key,
        "state": contest.state,
        "ends_at": contest.ends_at.isoformat(),
        "freezes_at": contest.freezes_at.isoformat() if contest.freezes_at else None,
        "cut_size": cut_size,
        "line": line.rating if line else None,
        "reference": next((named(one) for one in standings if one.slug == found.parameters.get("reference")), None),
        # Boards of before voters were looked for do not tell of them.
        "outlook": found.outlook and {"voters_to_flip": None} | found.outlook,
        "run_off": _run_off(contest),
        "next": following.series.slug if following else None,
    }


def rating_line(contest: Round, standings: Sequence[Standing], cut_size: int) -> Line | None:
    """The line through the ratings of a board; none where a total of components decides."""
    return None if in_force(contest).components else line_of(standings, cut_size)


def _run_off(contest: Round) -> dict[str, Any] | None:
    """What breaks the tie at the round's line, if a run-off was called."""
    found = contest.run_offs.exclude(state=RoundState.ANNULLED).select_related("series").first()
    if found is None:
        return None
    among = list(found.participations.order_by("entry__slug").values("entry__slug", "entry__name"))
    return {
        "series": found.series.slug,
        "among": [{"slug": one["entry__slug"], "name": one["entry__name"]} for one in among],
        "stay": len(among) - in_force(found).cut_size,
    }


def named(standing: Standing) -> dict[str, str]:
    return {"slug": standing.slug, "name": standing.name}


def _standing(standing: Standing, before: tuple[int, float] | None) -> dict[str, Any]:
    return {
        "joined": standing.joined,
        "rank": standing.rank,
        "rank_low": standing.rank_low,
        "rank_high": standing.rank_high,
        "slug": standing.slug,
        "name": standing.name,
        "rating": standing.rating,
        "low": standing.low,
        "high": standing.high,
        "votes": standing.votes,
        "p_cut": standing.p_cut,
        "percent": standing.percent,
        "percent_low": standing.percent_low,
        "percent_high": standing.percent_high,
        "rank_before": before and before[0],
        "rating_before": before and before[1],
        "status": standing.status,
    }


def history(slug: str, series_slug: str | None = None) -> dict[str, Any] | None:
    """An entry's standings through the boards of a series up to the one served, oldest first, thinned for a chart."""
    if not slug.isprintable():
        return None
    series = find_series(series_slug) if series_slug else last_series_of(slug)
    if series is None:
        return None
    standings = Standing.objects.filter(board__in=shown(series).order_by(), slug=slug).order_by("board__number")
    numbers = list(standings.values_list("board__number", flat=True))
    if not numbers:
        return None
    step = -(-len(numbers) // HISTORY_POINTS)
    drawn = [*numbers[:-1:step], numbers[-1]]
    points = list(standings.filter(board__number__in=drawn).select_related("board"))
    return {
        "slug": slug,
        "name": points[-1].name,
        "series": series.slug,
        "points": [
            {
                "number": point.board.number,
                "at": point.board.created_at.isoformat(),
                "votes": point.votes,
                "rank": point.rank,
                "rating": point.rating,
                "low": point.low,
                "high": point.high,
            }
            for point in points
        ],
    }


def last_series_of(slug: str) -> Series | None:
    """The series of the latest round in which an entry takes or took part."""
    rounds = opened().filter(participations__entry__slug=slug)
    latest = rounds.order_by("-number", "-leg").select_related("series").first()
    return latest.series if latest else None


def all_series() -> list[dict[str, str]]:
    """Every series that has a board, the current one first."""
    current = current_series()
    found = Series.objects.select_related("round").order_by("-round__number", "-round__leg", "-created_at")
    found = found.filter(Q(round=None) | Q(round__in=opened()))
    ordered = sorted(found, key=lambda series: (series != current, not hasattr(series, "round")))
    return [{"slug": series.slug, "title": series.title, "title_ko": series.title_ko} for series in ordered]
