"""Playing the season: its rounds by the site's own schedule, its boards by the fold, on a clock that runs ahead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from django.utils import timezone

from arena.battles import open_terms
from config.season.clock import Clock, told
from config.season.voting import field_of, vote_between
from config.season.world import CONTESTANTS, REFERENCE, Contestant
from inference.entries import add_entry
from inference.models import Entry
from leaderboard.amending import amend_round
from leaderboard.drafts import draft_round
from leaderboard.field import competing
from leaderboard.fold import fold
from leaderboard.models import Actor, Round, RoundState
from leaderboard.official import pin_due_lists
from leaderboard.rulebook import Rulebook, changed
from leaderboard.schedule import keep_schedule
from leaderboard.states import begin, move
from leaderboard.style import control_style

STEP = timedelta(hours=6)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
RULES = {
    "freeze_hours": 48,
    "minimum_votes": 60,
    "appeal_days": 14,
    "references": [REFERENCE.slug],
    "tie_chain": ["head_to_head", "score", "earlier_submission"],
}
LAST_QUARTER = 18  # the hour in Seoul at which the last of a day's four begins
# Of a day's votes, by the quarter of the day in Seoul.
QUARTERS = (0.08, 0.22, 0.31, 0.39)

Told = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """A round of the season, in days before today; and how many votes are cast in it, today's among them."""

    opens: int
    ends: int
    votes: int
    amended: int | None = None


def plans(votes: int) -> list[Plan]:
    """A round of three weeks that is over, and one that goes on for another week."""
    return [Plan(31, 10, round(votes * 0.93), amended=24), Plan(8, -6, round(votes * 0.07))]


def play(random: Random, now: datetime, votes: int, told_of: Told) -> None:
    """Fill the empty database with the season. told_of: called with how many more votes are in."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    contestants = {one.slug: one for one in (*CONTESTANTS, REFERENCE)}
    entries = [enter(one) for one in CONTESTANTS]
    enter(REFERENCE)
    with told(Clock(today)) as clock:
        for plan in plans(votes):
            contest = scheduled(clock, today, plan, entries)
            play_round(random, clock, contest, Course(today, now, plan), contestants, told_of)
            entries = survivors(contest)


def enter(one: Contestant) -> Entry:
    return add_entry(
        slug=one.slug,
        name=one.name,
        team=one.team,
        base="Made up",
        licence="Apache-2.0",
        changes="It does not exist: its answers come from a list, and its votes from a program.",
    )


def scheduled(clock: Clock, today: datetime, plan: Plan, entries: list[Entry]) -> Round:
    """The next round over these entries, announced two hours before it opens."""
    clock.now = today - plan.opens * DAY - timedelta(hours=2)
    rules = changed(Rulebook(), RULES)
    contest = draft_round(
        entries,
        opens_at=today - plan.opens * DAY,
        ends_at=today - plan.ends * DAY + timedelta(hours=18),
        rulebook=rules,
    )
    begin(contest, by=Actor.COMMAND, reason="Drafted for the season.", reason_ko="시즌을 위해 초안을 만들었습니다.")
    move(
        contest,
        RoundState.SCHEDULED,
        by=Actor.COMMAND,
        reason="The entries and the rules are settled.",
        reason_ko="참가 모델과 규정이 정해졌습니다.",
    )
    return contest


@dataclass(frozen=True, slots=True)
class Course:
    """When what of a round happens."""

    today: datetime
    now: datetime
    plan: Plan

    def share(self, start: datetime) -> float:
        """How many of the round's votes come in a step, next to those of the other steps: more towards its end."""
        days = (start - (self.today - self.plan.opens * DAY)) / DAY
        length = self.plan.opens - self.plan.ends
        return QUARTERS[timezone.localtime(start).hour // 6] * (0.3 + 1.4 * days / length)


def play_round(
    random: Random, clock: Clock, contest: Round, course: Course, contestants: Mapping[str, Contestant], told_of: Told
) -> None:
    """Step by step from its opening to its end, or to now."""
    starts = steps(contest, course.now)
    shares = [course.share(start) * random.uniform(0.75, 1.25) for start in starts]
    clock.now = contest.opens_at
    keep_schedule()
    for start, share in zip(starts, shares, strict=True):
        end = min(start + STEP, course.now, contest.ends_at)
        clock.now = end - SECOND
        if terms := open_terms():
            wanted = round(course.plan.votes * share / sum(shares))
            told_of(vote_between(random, field_of(terms, contestants), start, clock.now, wanted))
            current = Round.objects.select_related("series", "gate").get(pk=contest.pk)
            if timezone.localtime(start).hour == LAST_QUARTER:
                control_style(current)  # as beat would, but once a day
            fold(current)
        clock.now = end
        pin_due_lists(clock.now)
        keep_schedule()
        if course.plan.amended and start == course.today - course.plan.amended * DAY:
            amend(contest)
    if contest.ends_at <= course.now:
        publish_result(clock, contest)


def steps(contest: Round, now: datetime) -> list[datetime]:
    """The beginnings of its quarters of days, in Seoul."""
    first = timezone.make_aware(datetime.combine(timezone.localdate(contest.opens_at), time.min))
    every = (first + n * STEP for n in range(round((contest.ends_at - first) / STEP) + 1))
    return [start for start in every if start < min(contest.ends_at, now)]


def amend(contest: Round) -> None:
    amend_round(
        Round.objects.get(pk=contest.pk),
        {"max_tokens": 1536},
        reason="Long answers were cut off too often.",
        reason_ko="긴 답변이 자주 잘려서 늘렸습니다.",
    )


def publish_result(clock: Clock, contest: Round) -> None:
    """Who is out, an hour after the end; objections are heard from then on."""
    for to, reason, reason_ko in (
        (RoundState.PROVISIONAL, "Both counts agree.", "두 번의 집계가 일치합니다."),
        (RoundState.APPEAL, "The result was published.", "결과를 공개했습니다."),
    ):
        clock.advance(timedelta(hours=1))
        move(contest, to, by=Actor.COMMAND, reason=reason, reason_ko=reason_ko)
    clock.now = timezone.localtime(clock.now).replace(hour=0, minute=0) + DAY
    pin_due_lists(clock.now)


def survivors(contest: Round) -> list[Entry]:
    return [part.entry for part in competing(contest).select_related("entry").order_by("entry__slug")]
