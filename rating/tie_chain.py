"""The tie chain: those whom the votes do not tell apart are told apart by other means, one after the other.

Each step gives the tied a figure, and the higher one stays. Figures are compared exactly. Where equal figures stand on
both sides of the line, they who have them stay tied for the next step, and all others are decided of.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rating.grounds import Beacon, Grounds, RunOff
from rating.line import Counted, Line

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tie:
    """Some who are tied at the line, and how many of them stay."""

    among: frozenset[str]
    places: int

    @property
    def open(self) -> bool:
        return 0 < self.places < len(self.among)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken: what it found of each of the tied, and of whom it decided."""

    step: str
    among: frozenset[str]
    places: int
    figures: Mapping[str, Any]
    """As they are printed, by slug; empty where it had nothing to tell."""
    stays: frozenset[str] = NONE
    goes: frozenset[str] = NONE
    source: str = ""
    """Where the figures are from: the run-off's key, the component's name, the beacon's source and round."""

    @property
    def rest(self) -> Tie:
        """Who is tied after it."""
        return Tie(self.among - self.stays - self.goes, self.places - len(self.stays))


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """All that a step may go by."""

    grounds: Grounds
    found: Counted
    line: Line
    points: Mapping[str, Mapping[str, Fraction]]
    """What each component gave, by its name and by slug."""


def walk(tie: Tie, facts: Facts) -> tuple[tuple[Step, ...], str]:
    """Take the steps until nobody is tied. Returns them, and the step that waits for what is not there yet, or ""."""
    steps: list[Step] = []
    for name in facts.grounds.rules.tie_chain:
        if not tie.open:
            break
        step = TAKEN[name](tie, facts)
        if step is None:
            return tuple(steps), name
        steps.append(step)
        tie = step.rest
    return tuple(steps), ""


def by_run_off(tie: Tie, facts: Facts) -> Step | None:
    """Who stays and who goes by the last run-off of all the tied; None where there is none that answers for them."""
    for run_off in reversed(facts.grounds.run_offs):
        if answers(run_off, tie):
            told = {slug: "stays" if slug in run_off.stays else "goes" for slug in (*run_off.stays, *run_off.goes)}
            return Step(
                "run_off",
                tie.among,
                tie.places,
                {slug: told[slug] for slug in sorted(tie.among & told.keys())},
                tie.among.intersection(run_off.stays),
                tie.among.intersection(run_off.goes),
                run_off.key,
            )
    return None


def answers(run_off: RunOff, tie: Tie) -> bool:
    """Whether all the tied were in it, and it has places enough for those who stay and for those who go."""
    stays, goes = tie.among.intersection(run_off.stays), tie.among.intersection(run_off.goes)
    return tie.among <= set(run_off.among) and len(stays) <= tie.places and len(goes) <= len(tie.among) - tie.places


def by_head_to_head(tie: Tie, facts: Facts) -> Step:
    """The share won of the decisive votes (neither a tie nor "both bad") between the tied, over all ballots.

    Those of the run-offs count as those of the round. Who has none leaves the step without an answer.
    """
    wins = {(a, b): facts.found.won(a, b) for a in tie.among for b in tie.among if a != b}
    for run_off in facts.grounds.run_offs:
        for a, b, votes in run_off.wins:
            if (a, b) in wins:
                wins[a, b] += votes
    won = {slug: sum(n for (winner, _), n in wins.items() if winner == slug) for slug in tie.among}
    lost = {slug: sum(n for (_, loser), n in wins.items() if loser == slug) for slug in tie.among}
    told = {slug: {"won": won[slug], "lost": lost[slug]} for slug in sorted(tie.among)}
    if not all(won[slug] + lost[slug] for slug in tie.among):
        return Step("head_to_head", tie.among, tie.places, told)
    shares = {slug: Fraction(won[slug], won[slug] + lost[slug]) for slug in tie.among}
    return parted("head_to_head", tie, shares, told)


def by_component(tie: Tie, facts: Facts) -> Step:
    """The exact points that the named component gave."""
    name = facts.grounds.rules.tie_component
    points = facts.points.get(name)
    if points is None:
        return Step("component", tie.among, tie.places, {}, source=name)
    figures = {slug: points[slug] for slug in tie.among}
    return parted("component", tie, figures, {slug: str(figures[slug]) for slug in sorted(figures)}, name)


def by_score(tie: Tie, facts: Facts) -> Step:
    """The score as it stands, though it does not clearly tell them apart."""
    figures = {slug: facts.line.exact[slug] for slug in tie.among}
    return parted("score", tie, figures, {slug: facts.line.scores[slug] for slug in sorted(figures)})


def by_submission(tie: Tie, facts: Facts) -> Step:
    """Who was submitted earlier stays. Of whom that is not known leaves the step without an answer."""
    times = {one.slug: one.submitted_at for one in facts.grounds.entrants if one.slug in tie.among}
    told = {slug: times[slug] for slug in sorted(times)}
    known = sorted(time for time in times.values() if time is not None)
    if len(known) < len(times):
        return Step("earlier_submission", tie.among, tie.places, told)
    places = {slug: Fraction(-known.index(time or "")) for slug, time in times.items()}
    return parted("earlier_submission", tie, places, told)


def by_beacon(tie: Tie, facts: Facts) -> Step | None:
    """SHA-256 of the beacon's value with the slug behind it, both as text; the lowest goes. None without a value.

    The value puts all for whom it was named into one order, whoever of them comes to be tied.
    """
    beacon = facts.grounds.beacon
    if beacon is None or not tie.among <= set(beacon.among):
        return None
    told = {slug: drawn(beacon, slug) for slug in sorted(tie.among)}
    figures = {slug: Fraction(int(drawn, 16)) for slug, drawn in told.items()}
    return parted("beacon", tie, figures, told, f"{beacon.source}, {beacon.round}: {beacon.value}")


def drawn(beacon: Beacon, slug: str) -> str:
    """What `printf %s%s VALUE SLUG | sha256sum` prints."""
    return hashlib.sha256(f"{beacon.value}{slug}".encode()).hexdigest()


def parted(step: str, tie: Tie, figures: Mapping[str, Fraction], told: Mapping[str, Any], source: str = "") -> Step:
    """The step by these figures: as many as there are places stay, but for equals on both sides."""
    order: Sequence[Fraction] = sorted(figures.values(), reverse=True)
    last_in, first_out = order[tie.places - 1], order[tie.places]
    stays = frozenset(slug for slug, figure in figures.items() if figure > first_out)
    goes = frozenset(slug for slug, figure in figures.items() if figure < last_in)
    return Step(step, tie.among, tie.places, told, stays, goes, source)


TAKEN: Mapping[str, Callable[[Tie, Facts], Step | None]] = {
    "run_off": by_run_off,
    "head_to_head": by_head_to_head,
    "component": by_component,
    "score": by_score,
    "earlier_submission": by_submission,
    "beacon": by_beacon,
}
