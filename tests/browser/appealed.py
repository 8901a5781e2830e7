"""Run inside a demonstration: a second round whose result is published and can be appealed against, and its people."""

from datetime import timedelta
from itertools import pairwise

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import Membership, User
from accounts.organizers import add_organizer
from inference.models import Entry
from leaderboard.models import Actor, Round, RoundState
from leaderboard.rounds import close_round, open_round
from leaderboard.states import move
from tests.leaderboard.test_folding import cast
from tests.person import PASSWORD

WHY = {"by": Actor.COMMAND, "reason": "As agreed.", "reason_ko": "정한 대로입니다."}
FIELD = ("hornbeam", "wychelm", "guelder")  # as they end: the last is out


def prepare() -> None:
    move(Round.objects.get(), RoundState.CLOSED, **WHY)
    entries = list(Entry.objects.filter(slug__in=FIELD))
    contest = open_round(
        entries,
        ends_at=timezone.now() + timedelta(days=3),
        minimum_votes=1,
        tie_chain=["head_to_head", "earlier_submission"],
    )
    for first, second in pairwise(FIELD):
        for n in range(40):
            cast(contest, first, second, "b" if n % 5 == 4 else "a")
    close_round(contest)
    move(contest, RoundState.APPEAL, **WHY)
    for name in ("ada", "bob"):
        add_organizer(name=name, email=f"{name}@example.org", password=PASSWORD)
    owner = User.objects.create_user("olive", "olive@example.org", PASSWORD)
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    Membership.objects.create(team=Entry.objects.get(slug=FIELD[-1]).team, user=owner, role="owner")
