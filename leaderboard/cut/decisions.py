"""A round's decision: made of its votes and rules, recorded as an edition, and carried out on who takes part."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.models import User
from arena.ballots import Total, ballots, totals
from arena.models import Winner
from leaderboard import rulebook
from leaderboard.appeals.waiting import Reinstated, reinstated
from leaderboard.counting import Columns
from leaderboard.cut.beacons import beacon_of
from leaderboard.cut.parts import parts_of
from leaderboard.cut.run_offs import run_off_that_counts
from leaderboard.cut.words import why_not
from leaderboard.editions import newest
from leaderboard.eligibility import ineligible
from leaderboard.models import (
    DECIDED,
    Board,
    Cause,
    Decision,
    Folded,
    Participation,
    ParticipationRole,
    ParticipationState,
    Round,
    RoundState,
    Ruling,
)
from leaderboard.participations import write_state
from leaderboard.scoring.told import scores_with_result
from rating import Ballots
from rating import decision as pure

INELIGIBLE = "ineligible"  # by a verdict; who is disqualified by an organizer's word is "disqualified"
COMPETED = (ParticipationState.COMPETING, ParticipationState.ELIMINATED)


@dataclass(frozen=True, slots=True)
class Said:
    """What the logs of entries say of a decision: why, in both languages, and by whom. Empty: the rules alone."""

    reasons: tuple[str, str] = ("", "")
    by: User | None = None


UNSAID = Said()


class Undecided(Exception):
    """The votes and the rules do not say who is out; `decision` says how far they come, the words why."""

    def __init__(self, decision: pure.Decision) -> None:
        super().__init__(why_not(decision))
        self.decision = decision


def decide_now(contest: Round, *, gate: bool = True, set_aside: bool = False) -> pure.Decision:
    """Who would be out by the newest board's votes, as things stand. Nothing is stored.

    gate: whether who fails the gate of eligibility is left out; set_aside: count also the votes that are set aside.
    """
    board = newest(contest.series)
    assert board is not None  # opening published one
    return decided_by(contest, board, grounds_of(contest, board, gate=gate), set_aside=set_aside)


def decided_by(contest: Round, board: Board, grounds: pure.Grounds, *, set_aside: bool = False) -> pure.Decision:
    """The decision on these grounds by the votes that a board knows."""
    slugs = Folded.objects.get(series_id=contest.series_id).slugs
    return pure.decide(votes_of(contest, board, slugs, set_aside=set_aside), slugs, grounds)


def votes_of(contest: Round, board: Board, slugs: list[str], *, set_aside: bool = False) -> Ballots:
    """The ballots that a board counts; with those that are set aside, if they are asked for."""
    found = ballots(contest.gate, upto=board.position)
    return Columns(slugs).of(found, all_of_them=set_aside)


def grounds_of(contest: Round, board: Board, *, gate: bool = True) -> pure.Grounds:
    """What the round's decision rests on beside the votes, with the rulings on appeals against it so far."""
    found, failing, stays = contest.participations.select_related("entry"), ineligible(contest), reinstated(contest)
    entrants = tuple(
        entrant(part, failing=part.entry.slug in failing, gate=gate, by_ruling=stays.get(part.entry.slug))
        for part in found
    )
    competing = [one.slug for one in entrants if one.competes]
    return pure.Grounds(
        rules=rules_of(rulebook.in_force(contest)),
        entrants=entrants,
        position=board.position,
        parts=parts_of(contest, competing),
        run_offs=tuple(result for result in (result_of_run_off(contest),) if result),
        beacon=beacon_of(contest, competing),
    )


def result_of_run_off(contest: Round) -> pure.RunOff | None:
    """What the round's run-off has found, once its votes are counted: whom they part clearly, and who won how often.

    Whom they do not part stays tied, for the next step of the round's own chain.
    """
    run_off = run_off_that_counts(contest)
    if run_off is None or run_off.state not in (RoundState.TALLIED, *DECIDED):
        return None
    board = newest(run_off.series)
    assert board is not None  # opening published one
    decision = decided_by(run_off, board, grounds_of(run_off, board))
    return pure.RunOff(
        key=run_off.key,
        among=tuple(sorted(run_off.participations.values_list("entry__slug", flat=True))),
        stays=tuple(sorted(decision.stays)),
        goes=tuple(sorted(decision.goes)),
        wins=wins_by(totals(run_off.gate, upto=board.position)),
        digest=decision.digest(),
    )


def wins_by(found: Iterable[Total]) -> tuple[tuple[str, str, int], ...]:
    """How many counted votes each won against each other, whichever side it was on."""
    won: Counter[tuple[str, str]] = Counter()
    for total in found:
        if total.winner in (Winner.A, Winner.B) and total.counted:
            pair = (total.a, total.b) if total.winner == Winner.A else (total.b, total.a)
            won[pair] += total.counted
    return tuple((winner, loser, votes) for (winner, loser), votes in sorted(won.items()))


def rules_of(rules: rulebook.Rulebook) -> pure.Rules:
    """What of a rulebook decides who is out."""
    return pure.Rules(
        cut_size=rules.cut_size,
        minimum_votes=rules.minimum_votes,
        tie_band=rules.tie_band,
        fewest_voters=rules.fewest_voters,
        tie_chain=tuple(str(step) for step in rules.tie_chain),
        tie_component=rules.tie_component or "",
        score=rules.score,
    )


def entrant(part: Participation, *, failing: bool, gate: bool, by_ruling: Reinstated | None) -> pure.Entrant:
    """How a participation stands in the field of a decision: the same before the gate has taken it out and after.

    Whom a ruling lets stay is in it as before, so that nobody goes instead; or else the cut is among the others.
    """
    why = ""
    if by_ruling and not by_ruling.kept:
        why = "reinstated"
    elif part.role == ParticipationRole.REFERENCE:
        why = str(part.role)
    elif failing:
        why = INELIGIBLE if gate else ""
    elif part.state not in COMPETED and (gate or part.state != ParticipationState.DISQUALIFIED):
        why = str(part.state)
    return pure.Entrant(
        part.entry.slug,
        competes=not why,
        why=why,
        submitted_at=moment(part.entry.created_at),
        kept=by_ruling is not None and not why,
    )


def moment(at: datetime) -> str:
    """As grounds spell a time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def record_decision(contest: Round, cause: Cause, *, ruling: Ruling | None = None, said: Said = UNSAID) -> Decision:
    """Decide, write the next edition, and mark who is out by it; in the caller's transaction, who holds the round.

    ruling: by which it amends the one before; said: what the logs of entries say of it. Raises Undecided, and changes
    nothing then.
    """
    board = newest(contest.series)
    assert board is not None  # opening published one
    grounds = grounds_of(contest, board)
    found = decided_by(contest, board, grounds)
    if found.state != "decided":
        raise Undecided(found)
    written = write_edition(contest, cause, board, grounds, found, ruling=ruling)
    mark(contest, found.goes, said)
    return written


def record_run_off(run_off: Round, cause: Cause = Cause.PUBLISHED) -> None:
    """Write what the votes of a run-off say, also where they leave somebody tied; who is out is said by its round.

    Nothing is written where that stands already: an amendment of its round's decision need not touch it.
    """
    board, stands = newest(run_off.series), in_force(run_off)
    assert board is not None  # opening published one
    grounds = grounds_of(run_off, board)
    found = decided_by(run_off, board, grounds)
    if stands is None or stands.digest != found.digest():
        write_edition(run_off, cause, board, grounds, found)


def write_edition(
    contest: Round,
    cause: Cause,
    board: Board,
    grounds: pure.Grounds,
    found: pure.Decision,
    *,
    ruling: Ruling | None = None,
) -> Decision:
    """The round's next edition."""
    last = contest.decisions.order_by("-edition").first()
    return Decision.objects.create(
        round=contest,
        edition=last.edition + 1 if last else 1,
        cause=cause,
        ruling=ruling,
        board=board,
        position=board.position,
        grounds=grounds.canonical(),
        content=found.canonical(),
        scores=scores_with_result(contest),
        digest=found.digest(),
    )


def mark(contest: Round, goes: Collection[str], said: Said = UNSAID) -> None:
    """Let those be out who are to be, and nobody else; in the run-off, too."""
    run_off = run_off_that_counts(contest)
    if run_off:
        mark(run_off, goes, said)
    for part in contest.participations.filter(state__in=COMPETED).select_related("entry"):
        state = ParticipationState.ELIMINATED if part.entry.slug in goes else ParticipationState.COMPETING
        if part.state != state:
            write_state(part, state, reasons=said.reasons, by=said.by)


def take_back_cut(contest: Round) -> None:
    """Who was out by this round competes in it again. What was decided stays on record, and is not in force."""
    mark(contest, ())


def in_force(contest: Round) -> Decision | None:
    """The newest edition, while the round's result is published; None for results of before there were decisions."""
    return contest.decisions.order_by("-edition").first() if contest.state in DECIDED else None
