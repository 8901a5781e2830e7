"""Run inside a demonstration: a second round whose line is a tie, its people, and what happens there meanwhile."""

from datetime import timedelta
from itertools import chain, repeat

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import Membership, User
from accounts.organizers import add_organizer
from arena.content import text_parts
from arena.models import Battle, Turn, Voter, Winner
from arena.voting import cast_vote
from inference.models import Entry
from leaderboard.models import Actor, Round, RoundState
from leaderboard.rounds import open_round
from leaderboard.states import move
from tests.person import PASSWORD

WHY = {"by": Actor.COMMAND, "reason": "As agreed.", "reason_ko": "정한 대로입니다."}
LEADS, STAYS, GOES = "hornbeam", "wychelm", "guelder"  # the last two are tied until the run-off


def prepare() -> None:
    """The round is open, all its votes are in, and its people have accounts."""
    move(Round.objects.get(), RoundState.CLOSED, **WHY)
    contest = open_round(
        list(Entry.objects.filter(slug__in=(LEADS, STAYS, GOES))),
        ends_at=timezone.now() + timedelta(days=3),
        minimum_votes=1,
        fewest_voters=1,
        tie_chain=["run_off", "earlier_submission"],
        run_off={"hours": 1, "notice_hours": 0},
    )
    for other in (STAYS, GOES):
        vote(contest, LEADS, other, wins=24, losses=6)
    vote(contest, STAYS, GOES, wins=12, losses=12)
    for name in ("ada", "bob"):
        add_organizer(name=name, email=f"{name}@example.org", password=PASSWORD)
    owner = User.objects.create_user("olive", "olive@example.org", PASSWORD)
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    Membership.objects.create(team=Entry.objects.get(slug=GOES).team, user=owner, role="owner")


def vote(contest: Round, first: str, second: str, *, wins: int, losses: int) -> None:
    """So many visitors have read two replies, and cast their votes."""
    terms = contest.gate.terms.get()
    a, b = (Entry.objects.get(slug=slug) for slug in (first, second))
    for winner in chain(repeat(Winner.A, wins), repeat(Winner.B, losses)):
        visitor = Voter.objects.create()
        battle = Battle.objects.create(terms=terms, voter=visitor, entry_a=a, entry_b=b, propensity=0.3)
        Turn.objects.create(
            battle=battle, number=1, state="complete", prompt=text_parts("Hello"), ended_at=timezone.now()
        )
        cast_vote(battle_id=battle.id, voter_id=visitor.id, winner=winner)


def vote_in_run_off() -> None:
    vote(Round.objects.get(number=2, leg=1), STAYS, GOES, wins=32, losses=8)


def pass_days_of_appeals() -> None:
    """Days go by, as for the clock of the database."""
    Round.objects.filter(number=2, leg=0).update(appeals_end_at=timezone.now())
