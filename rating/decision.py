"""Who goes: a pure function of the votes up to one position and of the grounds, for anybody to run again.

What each field of a decision says is in docs/rating.md, "The decision".
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Literal, cast

from rating.ballots import Ballots
from rating.errors import BadGrounds
from rating.grounds import Beacon, Entrant, Grounds, Part, Rules, RunOff
from rating.line import Counted, Line, arena_line, composite_by, composite_line, counted
from rating.readings import canonical, digest_of, parsed
from rating.tie_chain import NONE, Facts, Step, Tie, walk

__all__ = ["Beacon", "Decision", "Entrant", "Grounds", "Part", "Rules", "RunOff", "decide"]

State = Literal["decided", "run_off", "beacon", "undecided"]
BY_SCORE = "line"  # decided by the line itself, with nobody tied


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nobody can be sent out: the groups or entries that it is about, in words of the program's."""

    what: Literal["few_left", "groups", "few_votes", "scores_missing", "still_tied"]
    who: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided, and how it came about. `content` is the one JSON form of it."""

    state: State
    stays: frozenset[str]
    goes: frozenset[str]
    kept: frozenset[str] = NONE
    """Who would go and stays by a ruling."""
    open: frozenset[str] = NONE
    """Who is tied still: for whom the run-off or the beacon is to be."""
    places: int = 0
    """How many of these stay."""
    decided_by: str = ""
    """"line" where nobody was tied, else the step after which nobody was; "" while it is not decided."""
    troubles: tuple[Trouble, ...] = ()
    line: Line | None = None
    tied: frozenset[str] = NONE
    """Who was tied at the line, before the chain."""
    steps: tuple[Step, ...] = ()
    votes: int = 0
    voters: int = 0
    of_each: dict[str, int] = field(default_factory=dict)
    """Counted votes on each who competes."""
    grounds: str = ""
    """The digest of the grounds."""

    def content(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "format": 1,
            "grounds": self.grounds,
            "state": self.state,
            "stays": sorted(self.stays),
            "goes": sorted(self.goes),
            "kept": sorted(self.kept),
            "open": sorted(self.open),
            "places": self.places,
            "decided_by": self.decided_by or None,
            "troubles": [{"what": one.what, "who": [list(group) for group in one.who]} for one in self.troubles],
            "votes": self.votes,
            "voters": self.voters,
            "entries": [self.entry(slug) for slug in (self.line.order if self.line else sorted(self.of_each))],
            "line": self.line
            and {
                "locked": self.line.locked,
                "voters": self.line.voters,
                "pairs": [asdict(pair) for pair in self.line.pairs],
            },
            "tied": sorted(self.tied),
            "steps": [told_step(step) for step in self.steps],
        }

    def entry(self, slug: str) -> dict[str, Any]:
        """What is said of one who competes."""
        return {
            "slug": slug,
            "score": self.line and self.line.scores[slug],
            "votes": self.of_each[slug],
            "verdict": self.line and self.line.verdicts.get(slug),
            "tied": slug in self.tied,
        }

    def canonical(self) -> str:
        """The one spelling, JSON."""
        return canonical(self.content())

    def digest(self) -> str:
        """SHA-256 of it."""
        return digest_of(self.canonical())


def told_step(step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "among": sorted(step.among),
        "places": step.places,
        "figures": dict(step.figures),
        "source": step.source,
        "stays": sorted(step.stays),
        "goes": sorted(step.goes),
        "decided": not step.rest.open,
    }


def decide(votes: Ballots, slugs: Sequence[str], grounds: Grounds) -> Decision:
    """Who goes by these votes on these grounds.

    votes: the counted ballots up to the position, with voters; slugs: of their players, by id; whoever the field has
    and the votes have not has none.
    Of a cut of k, a pair over the line is clear where the gap is more than 1.96 of its standard errors and than the
    band, and where no set of fewer than `fewest_voters` voters was found whose removal turns it. Who is not clear of
    everybody on the other side is tied at the line; all others go or stay. The tied walk the tie chain.
    Raises BadGrounds and BadCounts where votes and grounds do not fit, and BadSetting for components that are none.
    """
    found = counted(votes, slugs, grounds)
    told: dict[str, Any] = {
        "votes": len(found.votes),
        "voters": found.voters(),
        "of_each": {slug: found.votes_of(slug) for slug in sorted(grounds.competing)},
        "grounds": grounds.digest(),
    }
    if not grounds.rules.cut_size:
        return Decision("decided", grounds.competing, NONE, decided_by=BY_SCORE, **told)
    troubles = tuple(troubles_of(grounds, found))
    if troubles:
        return Decision("undecided", NONE, NONE, troubles=troubles, **told)
    line, points = line_of(grounds, found)
    return settled(Facts(grounds, found, line, points), told)


def troubles_of(grounds: Grounds, found: Counted) -> Iterable[Trouble]:
    """Everything that keeps these votes from deciding."""
    competing, rules = grounds.competing, grounds.rules
    if len(competing) <= rules.cut_size:
        yield Trouble("few_left", (tuple(sorted(competing)),))
    if goes_by_votes(grounds):
        groups = found.groups_of(competing)
        if len(groups) > 1:
            yield Trouble("groups", tuple(tuple(group) for group in groups))
        few = tuple(slug for slug in sorted(competing) if found.votes_of(slug) < rules.minimum_votes)
        if few:
            yield Trouble("few_votes", (few,))
    for part in grounds.parts:
        if part.scores is not None and (missing := sorted(competing - part.scores.keys())):
            yield Trouble("scores_missing", ((part.name,), tuple(missing)))


def goes_by_votes(grounds: Grounds) -> bool:
    """Whether votes count in the score."""
    return not grounds.parts or any(part.scores is None for part in grounds.parts)


def line_of(grounds: Grounds, found: Counted) -> tuple[Line, dict[str, dict[str, Fraction]]]:
    """The line by the score, and what each component gave by its name."""
    if not grounds.parts:
        return arena_line(found, grounds.rules, grounds.competing), {}
    candidates = sorted(grounds.competing)
    composite = composite_by(grounds, found, candidates)
    points = {
        part.name: dict(zip(candidates, theirs, strict=True))
        for part, theirs in zip(grounds.parts, composite.points, strict=True)
    }
    return composite_line(composite, candidates, grounds.rules), points


def settled(facts: Facts, told: dict[str, Any]) -> Decision:
    """The decision on a line: who is clear of it, and what the chain makes of the tied."""
    rules, line = facts.grounds.rules, facts.line
    above, below = frozenset(line.order[: -rules.cut_size]), frozenset(line.order[-rules.cut_size :])
    tied = line.unclear()
    tie = Tie(tied, len(tied & above))
    steps, waits = walk(tie, facts)
    rest = steps[-1].rest if steps else tie
    goes = (below - tied).union(*(step.goes for step in steps))
    stays = (above - tied).union(*(step.stays for step in steps))
    told = told | {"line": line, "tied": tied, "steps": steps}
    if rest.open:
        state = cast(State, waits or "undecided")
        troubles = () if waits else (Trouble("still_tied", (tuple(sorted(rest.among)),)),)
        told |= {"open": rest.among, "places": rest.places, "troubles": troubles}
        return Decision(state, stays, goes, **told)
    # Whoever is left after a last step has places for all, or for none.
    stays, goes = (stays | rest.among, goes) if rest.places else (stays, goes | rest.among)
    kept = goes.intersection(one.slug for one in facts.grounds.entrants if one.kept)
    decided_by = steps[-1].step if steps else BY_SCORE
    return Decision("decided", stays | kept, goes - kept, kept=kept, decided_by=decided_by, **told)


def told_decision(text: str | bytes) -> dict[str, Any]:
    """The content of a decision in a file. Raises BadGrounds."""
    found = parsed(text)
    if not isinstance(found, dict) or found.get("format") != 1:
        raise BadGrounds("this is no decision of a format that is known here")
    return found
