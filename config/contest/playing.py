"""What the chapters of the contest share: the clock, voters who come by, and steps that organizers take."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise
from math import ceil
from random import Random

from django.utils import timezone

from accounts.models import Membership, Role, Team, User
from arena.battles import open_terms
from config.contest.cast import EVERYBODY, ORGANIZERS, REFERENCE
from config.season.clock import Clock, told
from config.season.playing import enter
from config.season.voting import field_of, vote_between
from inference.models import Entry
from leaderboard.drafts import draft_round
from leaderboard.fold import fold
from leaderboard.models import Round, RoundState
from leaderboard.official import pin_due_lists
from leaderboard.rulebook import Rulebook, changed
from leaderboard.schedule import keep_schedule
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import begin, move

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LONG_AGO = 48  # days before today, on which the contest began
RULES = {"minimum_votes": 100, "appeal_days": 2, "freeze_hours": 24, "references": [REFERENCE.slug]}

Told = Callable[[int], object]


@dataclass(slots=True)
class Stage:
    """The contest while it is played. tell: prints a line of its story; told_of: hears how many more votes are in."""

    random: Random
    clock: Clock
    tell: Callable[[str], None]
    told_of: Told
    organizers: tuple[User, User] = field(init=False)

    def __post_init__(self) -> None:
        first, second = (User.objects.create_user(name, is_staff=True) for name in ORGANIZERS)
        self.organizers = first, second

    def announce(self, entries: Sequence[Entry], *, days: int, **changes: object) -> Round:
        """A round over these entries, drafted and announced now, that opens tomorrow at midnight in Seoul."""
        opens_at = midnight(self.clock.now + DAY)
        rules = changed(Rulebook(), RULES | changes)
        contest = draft_round(entries, opens_at=opens_at, ends_at=opens_at + days * DAY - 6 * HOUR, rulebook=rules)
        begin(contest, by=self.organizers[0], reason="The contest goes on.", reason_ko="대회를 이어 갑니다.")
        self.step(
            contest,
            RoundState.SCHEDULED,
            "The entries and the rules are settled.",
            "참가 모델과 규정이 정해졌습니다.",
        )
        return contest

    def play(self, contest: Round, votes: int) -> None:
        """Let voters come by until the round's own schedule has closed and counted it."""
        self.clock.now = max(self.clock.now, contest.opens_at)
        keep_schedule()
        self.pass_days(contest, ceil((contest.ends_at - self.clock.now) / DAY), votes)
        self.clock.advance(HOUR)
        keep_schedule()
        contest.refresh_from_db()

    def pass_days(self, contest: Round, days: int, votes: int) -> None:
        """So many days with so many votes in all, not beyond the round's end."""
        for _ in range(days):
            start = self.clock.now
            end = min(start + DAY, contest.ends_at)
            freezes = [at for at in (contest.freezes_at,) if at and start < at < end]
            for since, until in pairwise([start, *freezes, end]):
                self.clock.now = until - SECOND
                self.vote(since, round(votes / days * ((until - since) / (end - start))))
                fold(Round.objects.select_related("series", "gate").get(pk=contest.pk))
                self.clock.now = until
                pin_due_lists(until)
                keep_schedule()
        contest.refresh_from_db()

    def vote(self, start: datetime, votes: int) -> None:
        terms = open_terms()
        assert terms is not None  # the round is open
        self.told_of(vote_between(self.random, field_of(terms, EVERYBODY), start, self.clock.now, votes))

    def step(self, contest: Round, to: RoundState, reason: str, reason_ko: str) -> None:
        """A step that one organizer takes."""
        move(contest, to, by=self.organizers[0], reason=reason, reason_ko=reason_ko)
        contest.refresh_from_db()

    def sign(self, contest: Round, to: RoundState, reason: str, reason_ko: str) -> None:
        """A step that two organizers take."""
        first, second = self.organizers
        confirm_move(propose_move(contest, to, by=first, reason=reason, reason_ko=reason_ko), by=second)
        contest.refresh_from_db()

    def publish(self, contest: Round) -> None:
        self.step(contest, RoundState.PROVISIONAL, "Both counts agree.", "두 번의 집계가 일치합니다.")

    def hear_appeals(self, contest: Round) -> None:
        self.clock.advance(HOUR)
        self.step(contest, RoundState.APPEAL, "The result was published.", "결과를 공개했습니다.")

    def finish(self, contest: Round) -> None:
        """When the appeals are over, two sign."""
        assert contest.appeals_end_at is not None
        self.clock.now = contest.appeals_end_at + HOUR
        self.sign(contest, RoundState.FINAL, "No appeal is left.", "남은 이의 신청이 없습니다.")


@contextmanager
def staged(random: Random, now: datetime, tell: Callable[[str], None], told_of: Told) -> Iterator[Stage]:
    """The stage, some weeks ago."""
    with told(Clock(midnight(now) - LONG_AGO * DAY + 9 * HOUR)) as clock:
        yield Stage(random, clock, tell, told_of)


def midnight(at: datetime) -> datetime:
    """The one in Seoul with which that day began."""
    return timezone.make_aware(datetime.combine(timezone.localdate(at), time.min))


def entered(slugs: Sequence[str]) -> list[Entry]:
    """These entries, with an owner of each team."""
    entries = [enter(EVERYBODY[slug]) for slug in slugs]
    for entry in entries:
        owner_of(entry.team)
    return entries


def owner_of(team: Team) -> User:
    """The account that speaks for a team."""
    owner, made = User.objects.get_or_create(username=f"{team.slug}-owner")
    if made:
        Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    return owner
