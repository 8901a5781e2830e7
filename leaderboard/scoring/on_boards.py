"""What a total of several components says on a board: how likely each goes out, and who is clear of the line."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from leaderboard.judging import contenders
from leaderboard.models import DECIDED, LIVE, Round, RoundState, Standing, Status
from leaderboard.rulebook import Rulebook
from leaderboard.scoring.components import sheet_of
from leaderboard.scoring.told import Added, scores_public
from rating.decision import Rules
from rating.line import composite_line


@dataclass(frozen=True, slots=True)
class Foretold:
    """By slug: how likely it is truly among the lowest totals, and on which side of the line it stands."""

    chances: Mapping[str, float]
    prospects: Mapping[str, Status]


def judge_by_total(standings: Sequence[Standing], contest: Round, rules: Rulebook, early: Collection[str]) -> None:
    """Say of each standing that competes what the total means for the cut: nothing while it is not known to everybody.

    early: the slugs whose ratings are provisional.
    """
    among = contenders(standings)
    found = foretold(contest, rules, sorted(one.slug for one in among))
    for standing in among:
        if contest.state == RoundState.ANNULLED or standing.status == Status.ELIMINATED:
            continue
        if contest.state in DECIDED:
            standing.status = Status.SAFE
        elif found:
            early_yet = standing.slug in early and any(one.kind == "arena" for one in rules.components)
            standing.status = Status.PROVISIONAL if early_yet else found.prospects[standing.slug]
            standing.p_cut = found.chances[standing.slug] if contest.state in LIVE else None


def foretold(contest: Round, rules: Rulebook, slugs: Sequence[str]) -> Foretold | None:
    """Of these entries, by the marks and votes there are; None while some are missing or not public yet."""
    if contest.state in DECIDED or not scores_public(contest, rules) or not 0 < rules.cut_size < len(slugs):
        return None
    sheet = sheet_of(contest, slugs)
    whole = Added.of(contest, sheet, live=True).whole if sheet else None
    if whole is None:
        return None
    line = composite_line(whole, slugs, Rules(cut_size=rules.cut_size, score="composite"))
    unclear, stays = line.unclear(), frozenset(line.order[: -rules.cut_size])
    return Foretold(
        dict(zip(slugs, map(float, whole.cut_probabilities(rules.cut_size)), strict=True)),
        {
            slug: Status.AT_RISK if slug in unclear else Status.SAFE if slug in stays else Status.IN_DANGER
            for slug in slugs
        },
    )
