"""How few voters would turn a cut if they had stayed away: found now and then, for it takes all votes, not sums.

A board tells what was found last, and as of which vote: an edition stays as it was published.
"""

from itertools import islice

import numpy as np

from arena.ballots import ballots
from leaderboard.counting import Columns
from leaderboard.editions import newest
from leaderboard.field import field_of
from leaderboard.judging import line_of
from leaderboard.models import Board, Folded, Margin, Round
from leaderboard.rulebook import in_force
from rating import Ballots, joined, robustness_margin

AT_ONCE = 50_000  # ballots


class Counted:
    """A round's counted ballots as columns, some ten bytes each. Who asks again reads only those that came since."""

    def __init__(self, contest: Round, slugs: list[str], *, all_of_them: bool = False) -> None:
        self.slugs, self.position, self._all = slugs, 0, all_of_them
        self._gate = contest.gate
        self._columns = Columns(slugs)
        self._votes = self._columns.of(())

    def upto(self, position: int) -> Ballots:
        """The counted ballots up to a position, which is not before that of the last call."""
        new = ballots(self._gate, after=self.position, upto=position)
        parts = [self._votes]
        while some := list(islice(new, AT_ONCE)):
            parts.append(self._columns.of(some, all_of_them=self._all))
        self._votes, self.position = joined(parts), position
        return self._votes


_counted: dict[tuple[int, bool], Counted] = {}
"""Of the rounds that this process has measured, by id, without and with those set aside: a position stays as it was."""


def measure_margin(contest: Round) -> bool:
    """Find the margin of the round's newest board, if it has a line and nobody has. Returns whether there is news."""
    edition = newest(contest.series)
    if edition is None or not is_due(contest, edition):
        return False
    rules = in_force(contest)
    slugs = Folded.objects.get(series_id=contest.series_id).slugs
    votes = counted_of(contest, slugs, edition.position).upto(edition.position)
    # Who competes is joined, or there were no line; whom nothing compares is left out.
    joined_slugs = set(edition.standings.filter(joined=True).values_list("slug", flat=True))
    members = np.array([i for i, slug in enumerate(slugs) if slug in joined_slugs])
    among = field_of(contest, rules).ranked(slugs)[members]
    found = robustness_margin(votes.between(members), rules.cut_size, by="voters", among=among)
    Margin.objects.update_or_create(
        series_id=contest.series_id,
        defaults={"position": edition.position, "voters": found.number if found else None},
    )
    return True


def is_due(contest: Round, edition: Board) -> bool:
    """Whether the edition has a line whose margin nobody has found."""
    known = Margin.objects.filter(series_id=contest.series_id).values_list("position", flat=True).first()
    return known != edition.position and line_of(list(edition.standings.all()), contest.cut_size) is not None


def counted_of(contest: Round, slugs: list[str], position: int, *, all_of_them: bool = False) -> Counted:
    """What this process knows of the round's ballots; nothing, if that is of other entries or of later votes.

    all_of_them: those that are set aside, too.
    """
    kept = _counted.get((contest.pk, all_of_them))
    if kept is None or kept.slugs != slugs or kept.position > position:
        kept = _counted[contest.pk, all_of_them] = Counted(contest, slugs, all_of_them=all_of_them)
    return kept
