"""The line of a cut: who stands over it and who below, and which pairs over it the votes clearly tell apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rating.ballots import Ballots
from rating.composite import Component, Composite, arena_component, composite_of
from rating.errors import BadCounts, BadGrounds
from rating.fitting import ELO_PER_NAT, Fit, fit, quantile
from rating.grounds import Grounds, Part, Rules
from rating.lock import Verdict, lock_verdict
from rating.outcomes import Outcome
from rating.ranks import DIGITS
from rating.robustness import robustness_margin

PRINTED = 6  # decimal places of a figure; two machines agree in more
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Pair:
    """Two over the line. Gap and errors in Elo points, or in points of a composite."""

    stays: str
    goes: str
    gap: float
    se: float | None
    """None where the votes do not compare the two."""
    needs: float | None
    """What the gap must exceed."""
    voters: int | None
    """The fewest voters found whose removal puts the lower one over the other, where it was looked for and found."""
    clear: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The candidates in the order of the score, and all pairs over the line, the closest first."""

    order: tuple[str, ...]
    scores: Mapping[str, float]
    pairs: tuple[Pair, ...]
    locked: bool | None
    """By the anytime-valid rule, see `lock_verdict`; None for a composite."""
    verdicts: Mapping[str, Verdict | None]
    voters: int | None
    """The fewest voters found whose removal turns who goes; None where none are, and for a composite."""
    exact: Mapping[str, Fraction]
    """What the order goes by."""

    def unclear(self) -> frozenset[str]:
        """Whoever stands over the line and is not clear of everybody below it, and the reverse."""
        return frozenset(slug for pair in self.pairs if not pair.clear for slug in (pair.stays, pair.goes))


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The votes of a field in an order of their own: whatever order they came in, the same figures follow."""

    slugs: tuple[str, ...]
    votes: Ballots
    made: Fit
    """Of everybody, groups that never met apart."""

    def groups_of(self, slugs: frozenset[str]) -> list[list[str]]:
        """These entries by who was joined to whom by votes, the largest group first."""
        found = [sorted(slugs.intersection(self.slugs[i] for i in group)) for group in self.made.groups]
        return sorted((group for group in found if group), key=lambda group: (-len(group), group))

    def votes_of(self, slug: str) -> int:
        """How many counted votes an entry has."""
        return round(float(self.made.votes[self.slugs.index(slug)]))

    def voters(self) -> int:
        """Who cast them."""
        return self.votes.voters()[1]

    def won(self, winner: str, loser: str) -> int:
        """The decisive votes of one against another."""
        i, j = self.slugs.index(winner), self.slugs.index(loser)
        counts = self.votes.tally().counts
        return int(counts[i, j, Outcome.A] + counts[j, i, Outcome.B])

    def joined_to(self, slug: str) -> "Counted":
        """Whom votes join to this entry, alone."""
        own = self.slugs.index(slug)
        members = np.array(sorted(next(group for group in self.made.groups if own in group)))
        if members.size == len(self.slugs):
            return self  # a fit of all votes of a million costs a second
        votes = self.votes.between(members)
        return counted_of(tuple(self.slugs[i] for i in members), votes)


def counted(votes: Ballots, slugs: Sequence[str], grounds: Grounds) -> Counted:
    """The votes of the field of these grounds; slugs: of the votes' players, by id. Raises BadGrounds, BadCounts."""
    names = tuple(sorted(entrant.slug for entrant in grounds.entrants))
    if strangers := sorted(set(slugs).difference(names)):
        raise BadGrounds(f"field: there are votes on {strangers[0]!r}, who does not stand in it")
    known = votes.counted(np.ones(len(Outcome)))
    if known.weight is not None and (known.weight != 1).any():
        raise BadCounts("a vote on a cut counts once or not at all")
    ids = np.array([names.index(slug) for slug in slugs], dtype=np.int64)
    first, second = ids[known.first], ids[known.second]
    kind = (first * len(names) + second) * len(Outcome) + known.outcome
    kinds = len(names) ** 2 * len(Outcome)
    # A vote is its voter and its kind: so the numbers of both are sorted, and no votes by them.
    voter, kind = np.divmod(np.sort(in_order(known.voters()[0], kind) * kinds + kind), kinds)
    pair, outcome = np.divmod(kind, len(Outcome))
    sorted_votes = Ballots.from_arrays(*np.divmod(pair, len(names)), outcome, players=len(names), voter=voter)
    return counted_of(names, sorted_votes)


def counted_of(slugs: tuple[str, ...], votes: Ballots) -> Counted:
    # One voter's votes cannot say how voters vary; then each vote is taken for a draw of its own, as on a board.
    made = fit(votes, apart=True, intervals="cautious" if votes.voters()[1] > 1 else "sandwich")
    return Counted(slugs, votes, made)


def in_order(voters: NDArray[np.intp], kind: NDArray[np.int64]) -> NDArray[np.int64]:
    """Voters numbered by what they voted, whatever their ids were, (votes,).

    voters: numbered from 0 without gaps; kind: of each vote, a whole number. Each kind is scattered over 64 bits
    (Steele, Lea & Flood 2014, splitmix64), and a voter's votes are summed: those with one sum voted alike.
    """
    scattered = kind.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        scattered = (scattered ^ (scattered >> np.uint64(shift))) * np.uint64(factor)
    order = np.argsort(voters, kind="stable")
    starts = np.flatnonzero(np.diff(voters[order], prepend=-1))
    sums = np.add.reduceat(scattered[order], starts) if voters.size else scattered
    place = np.empty(sums.size, dtype=np.int64)
    place[np.argsort(sums, kind="stable")] = np.arange(sums.size)
    return place[voters]


def arena_line(found: Counted, rules: Rules, candidates: frozenset[str]) -> Line:
    """The line through the ratings of candidates whom votes join."""
    joined = found.joined_to(min(candidates))
    made, slugs = joined.made, joined.slugs
    strengths = dict(zip(slugs, np.round(made.strengths, DIGITS).tolist(), strict=True))
    ratings = dict(zip(slugs, made.ratings().tolist(), strict=True))
    exact = {slug: Fraction(strengths[slug]) for slug in candidates}
    order = best_first(exact)
    among = np.array([slug in candidates for slug in slugs])
    lock = lock_verdict(made, rules.cut_size, among=among)
    margin = robustness_margin(joined.votes, rules.cut_size, by="voters", among=among)
    line = Line(
        order=order,
        scores={slug: printed(ratings[slug]) for slug in order},
        pairs=tuple(pair_of(joined, stays, goes, rules) for stays, goes in over_the_line(order, rules.cut_size)),
        locked=lock.locked,
        verdicts={slug: verdict for slug, verdict in zip(slugs, lock.players, strict=True) if slug in candidates},
        voters=margin.number if margin else None,
        exact=exact,
    )
    # Where no fewer turn the line as a whole, none turn a pair over it.
    few = line.voters is not None and line.voters < rules.fewest_voters
    pairs = [withstanding(pair, joined, rules) if few and pair.clear else pair for pair in line.pairs]
    return replace(line, pairs=closest_first(pairs))


def best_first(exact: Mapping[str, Fraction]) -> tuple[str, ...]:
    return tuple(sorted(exact, key=lambda slug: (-exact[slug], slug)))


def over_the_line(order: Sequence[str], below: int) -> list[tuple[str, str]]:
    """Everybody who stays with everybody who goes."""
    return [(stays, goes) for stays in order[:-below] for goes in order[-below:]]


def closest_first(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    return tuple(sorted(pairs, key=lambda pair: (pair.gap, pair.stays, pair.goes)))


def printed(value: float) -> float:
    """A figure as it is printed, and compared."""
    return round(value, PRINTED) + 0.0


def pair_of(found: Counted, stays: str, goes: str, rules: Rules) -> Pair:
    """How far apart the ratings of two are, and how far they must be."""
    made, i, j = found.made, found.slugs.index(stays), found.slugs.index(goes)
    gap = printed(max(ELO_PER_NAT * float(made.strengths[i] - made.strengths[j]), 0.0))
    if not (made.determined[i] and made.determined[j]):
        return Pair(stays, goes, gap, None, None, None, clear=False)
    se = made.difference_se(i, j)
    needs = printed(max(quantile(LEVEL) * se, float(rules.tie_band)))
    return Pair(stays, goes, gap, printed(se), needs, None, clear=gap > needs)


def withstanding(pair: Pair, found: Counted, rules: Rules) -> Pair:
    """The pair with the fewest voters found whose removal turns it; clear only if they are enough."""
    both = np.array([slug in (pair.stays, pair.goes) for slug in found.slugs])
    margin = robustness_margin(found.votes, 1, by="voters", among=both)
    if margin is None:
        return pair
    return replace(pair, voters=margin.number, clear=margin.number >= rules.fewest_voters)


def composite_line(composite: Composite, candidates: Sequence[str], rules: Rules) -> Line:
    """The line through exact totals; candidates: whose totals they are, by id."""
    exact = dict(zip(candidates, composite.totals, strict=True))
    order = best_first(exact)
    pairs = []
    for stays, goes in over_the_line(order, rules.cut_size):
        i, j = candidates.index(stays), candidates.index(goes)
        variance = composite.covariance[i, i] + composite.covariance[j, j] - 2 * composite.covariance[i, j]
        se = float(np.sqrt(max(float(variance), 0.0)))
        gap, needs = printed(float(exact[stays] - exact[goes])), printed(quantile(LEVEL) * se)
        clear = exact[stays] > exact[goes] and gap > needs
        pairs.append(Pair(stays, goes, gap, printed(se), needs, None, clear=clear))
    return Line(
        order=order,
        scores={slug: printed(float(exact[slug])) for slug in order},
        pairs=closest_first(pairs),
        locked=None,
        verdicts=dict.fromkeys(order),
        voters=None,
        exact=exact,
    )


def composite_by(grounds: Grounds, found: Counted, candidates: Sequence[str]) -> Composite:
    """The totals of the candidates, who must have all scores. Raises BadSetting for scores out of their range."""
    return composite_of([component_of(part, found, candidates) for part in grounds.parts])


def component_of(part: Part, found: Counted, candidates: Sequence[str]) -> Component:
    """A part as it weighs in; candidates in the order of their slugs."""
    if part.scores is None:
        joined = found.joined_to(candidates[0])
        among = np.array([slug in candidates for slug in joined.slugs])
        return arena_component(
            joined.made,
            part.weight,
            name=part.name,
            normalisation=part.normalisation,
            places=part.places,
            among=among,
        )
    scores, known = [part.scores[slug] for slug in candidates], sorted(part.scores)
    errors = None
    if part.covariance is not None:
        whom = [known.index(slug) for slug in candidates]
        errors = np.array(part.covariance)[np.ix_(whom, whom)]
    return Component(part.name, part.weight, scores, part.normalisation, part.maximum, errors)
