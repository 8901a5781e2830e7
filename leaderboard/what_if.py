"""What would save an entry: its prospects on the edition that is served, if votes to come went so and so.

Nothing of it is a second arithmetic: supposed votes are added to what the fold keeps, and rated as every board is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from arena.refusals import BadWhatIf, NoMoreVotes, NotAmongThem
from leaderboard.counting import folded_served, stored
from leaderboard.field import Field, field_of
from leaderboard.judging import foretell, line_of, rated
from leaderboard.models import LIVE, Board, ParticipationState, Round, Standing
from leaderboard.rulebook import Rulebook, in_force
from rating import Fit, Outcome, Running

MOST_VOTES = 100_000
OPPONENTS = 16  # whose votes are weighed, the nearest first: each costs a board of its own
TRIAL, LEAST_TRIAL = 20, 10  # a twentieth of its votes, ten at least: a few would be lost in the draws


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The next `votes` on an entry, of whose points it takes `percent`; against one opponent, or all alike."""

    votes: int
    percent: float
    against: str = ""


@dataclass(frozen=True, slots=True)
class Prospects:
    """Where an entry stands on a board. gap: Elo points above the line; both null where the cut goes by a total."""

    rank: int | None
    rank_low: int | None
    rank_high: int | None
    rating: float
    low: float
    high: float
    gap: float | None
    p_cut: float | None


@dataclass(frozen=True, slots=True)
class Telling:
    """By how much the chance to go out would change with so many votes against an opponent: all won, or all lost."""

    slug: str
    votes: int
    won: float
    lost: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """An edition of a round whose votes still come in, and all that a board of more votes needs."""

    contest: Round
    edition: Board
    rules: Rulebook
    field: Field
    slugs: Sequence[str]
    running: Running
    opponents: Sequence[str]

    def after(self, slug: str, supposed: Sequence[WhatIf]) -> Prospects:
        """The entry's prospects after these votes."""
        more = np.zeros_like(self.running.weights)
        for one in supposed:
            self.add(more, slug, one)
        return self.prospects(slug, self.running.supposed(more).fit(apart=True))

    def add(self, more: NDArray[np.float64], slug: str, supposed: WhatIf) -> None:
        """What is expected of the supposed votes; sides do not matter, since they are drawn alike."""
        against = [supposed.against] if supposed.against else [one for one in self.opponents if one != slug]
        player, each = self.slugs.index(slug), supposed.votes / len(against)
        for opponent in against:
            place = self.slugs.index(opponent)
            more[player, place, Outcome.A] += each * supposed.percent / 100
            more[player, place, Outcome.B] += each * (1 - supposed.percent / 100)

    def prospects(self, slug: str, made: Fit) -> Prospects:
        standings = rated(self.slugs, made, self.field)
        line = None if self.rules.components else line_of(standings, self.rules.cut_size)
        if line:
            foretell(standings, self.rules.cut_size, self.slugs, made, self.field)
        own: Standing = next(one for one in standings if one.slug == slug)
        return Prospects(
            rank=own.rank,
            rank_low=own.rank_low,
            rank_high=own.rank_high,
            rating=own.rating,
            low=own.low,
            high=own.high,
            gap=own.rating - line.rating if line else None,
            p_cut=own.p_cut,
        )


def outlook_of(contest: Round, slug: str) -> Outlook:
    """What an entry that competes may ask about. Raises NoMoreVotes, NotAmongThem."""
    found = folded_served(contest) if contest.state in LIVE else None
    if found is None:
        raise NoMoreVotes
    edition, folded = found
    rules = in_force(contest)
    field = field_of(contest, rules)
    playing = contest.participations.filter(state=ParticipationState.COMPETING).values_list("entry__slug", flat=True)
    opponents = sorted(set(playing).intersection(folded.slugs))
    if slug in field.beside or slug not in opponents or len(opponents) == 1:
        raise NotAmongThem
    return Outlook(contest, edition, rules, field, folded.slugs, stored(folded, contest), opponents)


def wanted(outlook: Outlook, slug: str, *, votes: str, percent: str, against: str = "") -> WhatIf:
    """What somebody typed. Raises BadWhatIf."""
    number = whole(votes)
    if not 1 <= number <= MOST_VOTES:
        raise BadWhatIf(_("the votes are a whole number from 1 to {most}").format(most=f"{MOST_VOTES:,}"))
    share = decimal(percent)
    if not 0 <= share <= 100:
        raise BadWhatIf(_("the share is a number from 0 to 100"))
    if against and (against == slug or against not in outlook.opponents):
        raise BadWhatIf(_("the opponent is one of those it can still meet, or left open"))
    return WhatIf(number, share, against)


def whole(text: str) -> int:
    """The whole number that is spelt; 0 for anything else."""
    spelt = text.strip().replace(",", "")
    return int(spelt) if spelt.isascii() and spelt.isdecimal() and len(spelt) < 10 else 0


def decimal(text: str) -> float:
    """The number that is spelt with digits and at most one point; −1 for anything else."""
    spelt = text.strip()
    before, _point, after = spelt.partition(".")
    plain = spelt.isascii() and before.isdecimal() and (after.isdecimal() or "." not in spelt) and len(spelt) < 10
    return float(spelt) if plain else -1.0


def telling(outlook: Outlook, slug: str) -> list[Telling]:
    """The opponents against whom votes change the entry's chance to go out the most, those first.

    The same number against each, all won or all lost. Empty where there is no such chance.
    """
    now = outlook.prospects(slug, outlook.running.fit(apart=True))
    if now.p_cut is None:
        return []
    known = {one.slug: one for one in outlook.edition.standings.all()}
    own = known[slug]
    others = [known[one] for one in outlook.opponents if one != slug]
    nearest = sorted(others, key=lambda one: abs(one.rating - own.rating))[:OPPONENTS]
    votes = max(LEAST_TRIAL, own.votes // TRIAL)

    def change(opponent: str, percent: float) -> float:
        then = outlook.after(slug, [WhatIf(votes, percent, opponent)]).p_cut
        assert now.p_cut is not None
        assert then is not None  # more votes part nobody who is joined
        return then - now.p_cut

    found = [Telling(one.slug, votes, change(one.slug, 100), change(one.slug, 0)) for one in nearest]
    return sorted(found, key=lambda one: one.won - one.lost)
