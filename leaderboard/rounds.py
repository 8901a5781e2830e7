"""A round: opened over entries, closed once; who is last is out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from arena.gates import close_gate
from arena.models import Gate
from arena.models import Sequence as VoteSequence
from inference.models import Entry
from leaderboard.amending import refuse_unkept, write_version
from leaderboard.boards import line_of, publish_board
from leaderboard.counting import stored, tally_of
from leaderboard.fold import fold
from leaderboard.models import Board, Folded, Participation, ParticipationState, Round, RoundState, Series
from leaderboard.pairing import publish_pairing
from leaderboard.rulebook import Rulebook, changed, in_force


class CannotClose(Exception):
    """The round cannot be cut as it stands; the words say why."""


class CannotOpen(Exception):
    """There can be no such round; the words say why."""


@transaction.atomic
def open_round(
    entries: Sequence[Entry], *, ends_at: datetime, rulebook: Rulebook | None = None, **changes: Any
) -> Round:
    """Open the next round over these entries. changes: rules that differ from the rulebook's, or from the usual ones.

    Raises CannotOpen, NotKept, BadRulebook.
    """
    rules = changed(rulebook or Rulebook(), changes)
    refuse_unkept(rules)
    if not 1 <= rules.cut_size < len(entries):
        raise CannotOpen(f"a cut of {rules.cut_size} does not fit {len(entries)} entries")
    if ends_at <= timezone.now():
        raise CannotOpen("its end has passed already")
    if len({entry.team_id for entry in entries}) < len(entries):
        raise CannotOpen("two of the entries belong to one team")
    if Round.objects.filter(state=RoundState.OPEN).exists():
        raise CannotOpen("a round is open already")
    last = Round.objects.order_by("-number").first()
    number = last.number + 1 if last else 1
    slug = f"round-{number}"
    gate = Gate.objects.create(key=slug)
    VoteSequence.objects.create(gate=gate)
    series = Series.objects.create(slug=slug, title=f"Round {number}", title_ko=f"{number}라운드")
    contest = Round.objects.create(
        number=number,
        series=series,
        gate=gate,
        opens_at=timezone.now(),
        ends_at=ends_at,
    )
    write_version(contest, rules, {entry.pk: 1.0 for entry in entries})
    Participation.objects.bulk_create(Participation(round=contest, entry=entry) for entry in entries)
    folded = Folded.objects.create(series=series, slugs=sorted(entry.slug for entry in entries))
    names = {entry.slug: entry.name for entry in entries}
    running = stored(folded, contest)
    made_of_nothing = running.fit(apart=True)
    publish_board(series, folded, made_of_nothing, names, intervals=running.intervals)
    publish_pairing(contest, folded, made_of_nothing, tally_of(running))
    return contest


def end_due_rounds() -> None:
    """Let no more votes into rounds whose end has come. The cut itself is an organizer's decision."""
    for contest in Round.objects.filter(state=RoundState.OPEN, gate__is_open=True, ends_at__lte=Now()):
        close_gate(contest.gate_id)


@dataclass(frozen=True, slots=True)
class Cut:
    """What closing a round decided: the final board, who is out, and whom the line does not clearly separate."""

    board: Board
    eliminated: list[Entry]
    tied: list[str]


@transaction.atomic
def close_round(contest: Round) -> Cut:
    """Let no more votes in, count those that are in, mark the last `cut_size` as eliminated. Raises CannotClose.

    One transaction: if the votes cannot decide, the round stays open as it was.
    """
    # Two organizers at once: the second waits here, and finds it done.
    if Round.objects.select_for_update().get(pk=contest.pk).state == RoundState.CLOSED:
        raise CannotClose("it is closed already")
    # Waits for the votes under way; from here each vote is in or out. Its end may have closed it before.
    close_gate(contest.gate_id)
    fold(contest)
    board = Board.objects.filter(series=contest.series).order_by("-number").first()
    assert board is not None  # opening published one
    standings = list(board.standings.all())
    line = line_of(standings, in_force(contest).cut_size)
    if line is None:
        raise CannotClose("not all entries are joined by votes, so the last of them is not known; the round stays open")
    out = [standing.slug for standing in standings[line.survivors :]]
    contest.participations.filter(entry__slug__in=out).update(state=ParticipationState.ELIMINATED)
    contest.state = RoundState.CLOSED
    contest.closed_at = timezone.now()
    contest.save(update_fields=["state", "closed_at"])
    final = fold(contest, anyway=True)
    assert final is not None
    tied = [standing.slug for standing in standings if standing.low <= line.rating <= standing.high]
    return Cut(final, list(Entry.objects.filter(slug__in=out)), tied)


def open_following_round(contest: Round) -> Round | None:
    """The next round over the survivors, as long and by the same rules; None when one entry is left."""
    survivors = [
        part.entry for part in contest.participations.filter(state=ParticipationState.COMPETING).select_related("entry")
    ]
    if len(survivors) < 2:
        return None
    rules = in_force(contest)
    return open_round(
        survivors,
        ends_at=timezone.now() + (contest.ends_at - contest.opens_at),
        rulebook=rules,
        cut_size=min(rules.cut_size, len(survivors) - 1),
    )
