"""Votes as others may see them: the only way in which the leaderboard reads votes, and counts battles."""

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast

from arena.labelling import SHOWN
from arena.labels import Categories, Style
from arena.models import Battle, BattleState, Gate, Turn, Vote
from inference.models import Entry

VOTERS_AT_ONCE = 500
ROWS_AT_ONCE = 2000
PSEUDONYMS_KEPT = 20_000  # voters whose votes lie near each other; more would only cost memory


@dataclass(frozen=True, slots=True)
class Ballot:
    """One positioned vote. `voter` is a pseudonym of this round; `hour` is UTC; weight 0 means kept, not counted.

    What it was about is told where it is asked for, and null where nothing is known of it.
    """

    position: int
    battle: str
    a: str
    b: str
    winner: str
    voter: str
    weight: int
    hour: str
    language: str | None = None
    categories: Categories | None = None


class PublishedBallot(NamedTuple):
    """A ballot as it stands in an export; the README beside it (leaderboard/dictionary.md) explains each field."""

    position: int
    battle: str
    a: str
    b: str
    winner: str
    voter: str
    weight: int
    hour: str
    language: str | None
    categories: Categories | None
    turns: int
    style: Style | None
    set_aside: str | None


class StyledBallot(NamedTuple):
    """A counted ballot with how its answers looked."""

    a: str
    b: str
    winner: str
    voter: str
    style: Style


def ballots(gate: Gate, *, after: int = 0, upto: int | None = None, labelled: bool = False) -> Iterator[Ballot]:
    """The ballots past a position and up to another, in order. Votes without a position yet come with a later call.

    labelled: with what they were about.
    """
    votes = Vote.objects.filter(gate=gate, position__gt=after)
    yield from _ballots(gate, votes if upto is None else votes.filter(position__lte=upto), labelled=labelled)


def earlier_ballots(gate: Gate, *, after: int, upto: int) -> Iterator[Ballot]:
    """The counted ballots up to the first position of all voters who have one past it and up to the other."""
    news = Vote.objects.filter(gate=gate, position__gt=after, position__lte=upto, counted_as__isnull=False)
    voters = list(news.values_list("voter_id", flat=True).distinct())
    for start in range(0, len(voters), VOTERS_AT_ONCE):
        # Named one by one, so that the database goes by its index of voters and never through all votes.
        some = voters[start : start + VOTERS_AT_ONCE]
        yield from _ballots(
            gate, Vote.objects.filter(gate=gate, position__lte=after, counted_as__isnull=False, voter_id__in=some)
        )


def _ballots(gate: Gate, votes: QuerySet[Vote], *, labelled: bool = False) -> Iterator[Ballot]:
    columns = [
        "position",
        "battle_id",
        "battle__entry_a__slug",
        "battle__entry_b__slug",
        "winner",
        "voter_id",
        "counted_as",
        "cast_at",
    ]
    if labelled:
        columns += ["battle__label__language", "battle__label__categories"]
    found = votes.order_by("position").values_list(*columns)
    pseudonym = pseudonyms(gate)
    for position, battle, a, b, winner, voter, counted_as, cast_at, *label in found.iterator(chunk_size=ROWS_AT_ONCE):
        assert position is not None  # the filter says so
        counts = int(counted_as is not None)
        yield Ballot(position, str(battle), a, b, winner, pseudonym(voter), counts, hour_of(cast_at), *label)


def styled_ballots(gate: Gate, *, after: int, upto: int) -> Iterator[StyledBallot]:
    """The counted ballots past one position and up to another, of whose answers the looks are known."""
    votes = Vote.objects.filter(gate=gate, position__gt=after, position__lte=upto, counted_as__isnull=False)
    found = votes.filter(battle__label__style__isnull=False).order_by("position")
    columns = ("battle__entry_a_id", "battle__entry_b_id", "winner", "voter_id", "battle__label__style")
    slug, pseudonym = slugs(), pseudonyms(gate)
    for a, b, winner, voter, style in found.values_list(*columns).iterator(chunk_size=ROWS_AT_ONCE):
        yield StyledBallot(slug[a], slug[b], winner, pseudonym(voter), style)


def published_ballots(gate: Gate, *, after: int, upto: int) -> Iterator[PublishedBallot]:
    """The ballots past one position and up to another, in order, with what the fold has no use for.

    All are read at once: who wants many asks for some after the others.
    """
    turns = Turn.objects.filter(battle_id=OuterRef("battle_id"), state__in=SHOWN).order_by().values("battle_id")
    votes = Vote.objects.filter(gate=gate, position__gt=after, position__lte=upto).order_by("position")
    columns = ("position", "battle_id", "battle__entry_a_id", "battle__entry_b_id", "winner", "voter_id")
    found = votes.annotate(
        turns=Subquery(turns.annotate(n=Count("id")).values("n")),
        # As text, which is read here: a driver takes longer over a time than over all the rest of a ballot.
        cast=Cast("cast_at", CharField()),
        categories=Cast("battle__label__categories", TextField()),
        style=Cast("battle__label__style", TextField()),
    ).values_list(*columns, "set_aside", "cast", "turns", "battle__label__language", "categories", "style")
    slug, pseudonym = slugs(), pseudonyms(gate)
    for position, battle, a, b, winner, voter, set_aside, cast, shown, language, categories, style in found:
        assert position is not None  # the filter says so
        yield PublishedBallot(
            position=position,
            battle=str(battle),
            a=slug[a],
            b=slug[b],
            winner=winner,
            voter=pseudonym(voter),
            weight=int(not set_aside),
            hour=f"{cast[:10]}T{cast[11:13]}Z",
            language=language,
            categories=categories and parsed(categories),
            turns=shown or 0,
            style=style and in_order(json.loads(style)),
            set_aside=set_aside or None,
        )


@lru_cache(maxsize=5000)
def parsed(categories: str) -> Any:
    """Many ballots say the same of their questions."""
    return in_order(json.loads(categories))


def in_order(told: Any) -> Any:
    """The same with its keys sorted: databases keep them in orders of their own, and an export has one."""
    return {key: in_order(told[key]) for key in sorted(told)} if isinstance(told, dict) else told


class OwnBallot(NamedTuple):
    """A vote on an entry, as its team may see it. side: the entry's; length: of its answers, in characters.

    What it was about, and how long the answers were, is null where nothing is known of it.
    """

    position: int
    hour: str
    side: str
    against: int
    winner: str
    set_aside: str
    language: str | None
    categories: list[str]
    length: int | None


def own_ballots(gate: Gate, entry: int, *, upto: int, most: int) -> list[OwnBallot]:
    """The last votes on an entry up to a position, newest first. One query, whatever their number."""
    votes = Vote.objects.filter(Q(battle__entry_a=entry) | Q(battle__entry_b=entry), gate=gate, position__lte=upto)
    columns = ("position", "cast_at", "battle__entry_a_id", "battle__entry_b_id", "winner", "set_aside")
    about = ("battle__label__language", "battle__label__categories", "battle__label__style")
    found = []
    for position, cast_at, a, b, winner, aside, language, categories, style in votes.order_by("-position").values_list(
        *columns, *about
    )[:most]:
        assert position is not None  # the filter says so
        first = a == entry
        length = style["length"][0 if first else 1] if style else None
        side, against = ("a", b) if first else ("b", a)
        kinds = sorted(categories or ())
        found.append(OwnBallot(position, hour_of(cast_at), side, against, winner, aside, language, kinds, length))
    return found


class Total(NamedTuple):
    """How many ballots name this pair, in this order, with this verdict."""

    a: str
    b: str
    winner: str
    counted: int
    set_aside: int


def totals(gate: Gate, *, upto: int) -> list[Total]:
    """The ballots up to a position, added up by the database."""
    slug = slugs()
    found = (
        Vote.objects.filter(gate=gate, position__lte=upto)
        .values_list("battle__entry_a_id", "battle__entry_b_id", "winner")
        .annotate(counted=Count("counted_as"), cast=Count("id"))
    )
    return sorted(Total(slug[a], slug[b], winner, counted, cast - counted) for a, b, winner, counted, cast in found)


def slugs() -> dict[int, str]:
    """The slug of each entry there is: a join less for every ballot."""
    return dict(Entry.objects.values_list("id", "slug"))


def pseudonyms(gate: Gate) -> Callable[[UUID], str]:
    """What turns a voter into this round's pseudonym."""
    key = bytes(gate.pseudonym_key)

    @lru_cache(maxsize=PSEUDONYMS_KEPT)
    def pseudonym(voter: UUID) -> str:
        return hmac.digest(key, voter.bytes, "sha256").hex()[:16]

    return pseudonym


def hour_of(moment: datetime) -> str:
    """The hour in UTC and no more: a ballot must not tell who was there at a certain minute."""
    return f"{moment.astimezone(UTC).isoformat()[:13]}Z"


@dataclass(frozen=True, slots=True)
class Meetings:
    """How often two entries met on just these sides: battles that have ended, of them void ones, and counted votes.

    `inverse` is the sum of 1/propensity of the battles. By it, battles / inverse estimates how likely the ordered
    pair was where it could be drawn: a plain mean would be too high, for a pair is mostly drawn where it is likely.
    """

    a: int
    b: int
    battles: int
    void: int
    votes: int
    inverse: float


def meetings(gate: Gate) -> tuple[list[Meetings], int]:
    """The round's battles by entry and side, and how many more have not ended. One query, whatever their number.

    While votes come in, battles that wait for theirs are told as a number alone: who started one could otherwise
    see, before voting, which pair has just met once more.
    """
    ended = Q() if not gate.is_open else ~Q(state=BattleState.OPEN)
    counts = (
        Battle.objects.filter(terms__gate=gate)
        .values_list("entry_a_id", "entry_b_id")
        .annotate(
            all=Count("id"),
            battles=Count("id", filter=ended),
            void=Count("id", filter=Q(state=BattleState.VOID)),
            votes=Count("vote__counted_as"),
            inverse=Sum(1.0 / F("propensity"), filter=ended),
        )
        .order_by("entry_a_id", "entry_b_id")
    )
    found, waiting = [], 0
    for a, b, every, battles, void, votes, inverse in counts:
        waiting += every - battles
        if battles:
            found.append(Meetings(a, b, battles, void, votes, inverse))
    return found, waiting
