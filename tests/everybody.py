"""Everybody who may ask the site for something, in a contest in which team A has something of each kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from accounts.invitations import invite
from accounts.models import Membership, Role, Team, Token, User
from accounts.organizers import add_organizer
from accounts.teams import remove
from accounts.tokens import make_token, revoke_token
from arena.models import Battle, Voter
from arena.visitors import SIGNER
from inference.models import Entry, Worker
from leaderboard.allegations import Words, raise_allegation
from leaderboard.appeals.filing import Statement, file_appeal
from leaderboard.drafts import draft_round
from leaderboard.models import Axis, Call, Panelist, Source
from leaderboard.official import pin_due_lists
from tests import conftest
from tests.leaderboard.test_appeals import PDF, published
from tests.person import PASSWORD, Person

# The voter is a visitor with a battle; whoever else has no session is a script that shows a token.
TOKENS = ("reading token", "workers token", "revoked token", "token of B")
VISITORS = ("visitor", "voter", *TOKENS)
OF_A = ("member of A", "owner of A")
STRANGERS = ("owner of B", "removed from A", "panelist", "organizer without a second factor")
PEOPLE = (*OF_A, *STRANGERS, "organizer")
EVERYONE = (*VISITORS, *PEOPLE)

# What only team A, and what only organizers may read: whoever else is told none of these words, by any answer.
OF_TEAM_A = ("night-watch", "new-hand@example.org", "not-ruled-on-yet", "member-of-a@example.org", "alder-machine")
OF_ORGANIZERS = ("Unannounced round",)


class World:
    """Team A is Team Alder, team B is Team Birch; the result of their round is published, and appeals are heard."""

    def __init__(self, worker: "conftest.Worker") -> None:
        now = timezone.now()
        self.contest = contest = published(conftest.make_contest(worker, 4, hosting="teams"))
        pin_due_lists(now + timedelta(days=1))
        self.digest = contest.rulebooks.latest("version").digest
        self.day = contest.series.lists.latest("date").date.isoformat()
        self.a, self.b = Team.objects.get(slug="team-alder"), Team.objects.get(slug="team-birch")
        alder, birch = Entry.objects.get(slug="alder"), Entry.objects.get(slug="birch")
        self.machine = Worker.objects.get(entry=alder)
        Worker.objects.filter(pk=self.machine.pk).update(url="http://alder-machine.example:9000")
        self.users: dict[str, User] = {}
        self.clients = {name: self.signed_in(name) for name in PEOPLE}
        owner, organizer = self.users["owner of A"], self.users["organizer"]
        remove(self.a, self.users["removed from A"], by=owner)
        draft = draft_round([alder, birch], opens_at=now + timedelta(days=40), ends_at=now + timedelta(days=70))
        type(draft.series).objects.filter(pk=draft.series_id).update(title=OF_ORGANIZERS[0])
        self.invitation = invite(self.a, email="new-hand@example.org", role=Role.MEMBER, by=owner)
        said = Statement("counting", "not-ruled-on-yet", "Count them.", "https://example.org/hour", (PDF,))
        self.appeal = file_appeal(contest, self.a, said, by=owner)
        self.against = raise_allegation(alder, Axis.POLICY, Words("It is."), source=Source.PUBLIC, by=organizer)
        self.raised = raise_allegation(
            birch, Axis.POLICY, Words("So is it."), source=Source.TEAM, by=owner, team=self.a
        )
        call = Call.objects.create(
            number=1,
            after=contest,
            text="Come in.",
            opens_at=now - timedelta(days=2),
            closes_at=now - timedelta(days=1),
            decides_at=now + timedelta(days=1),
            by=organizer,
        )
        Panelist.objects.create(call=call, user=self.users["panelist"], seated_by=organizer)
        voter = Voter.objects.create()
        self.battle = Battle.objects.create(
            terms=contest.gate.terms.get(version=1), voter=voter, entry_a=alder, entry_b=birch, propensity=0.1
        )
        for name in VISITORS:
            visitor = voter if name == "voter" else Voter.objects.create()
            self.clients[name] = Client(headers={"Accept": "text/html", "Accept-Language": "en"})
            self.clients[name].cookies["visitor"] = SIGNER.sign(str(visitor.pk))
        self.token: Token
        self.secrets = self.tokens()

    def signed_in(self, name: str) -> Client:
        """Somebody with an account, who has shown a second factor where they are an organizer with one."""
        login = name.replace(" ", "-").lower()
        if name.startswith("organizer"):
            self.users[name] = add_organizer(name=login, email=f"{login}@example.org", password=PASSWORD)
        else:
            self.users[name] = User.objects.create_user(login, f"{login}@example.org", PASSWORD)
            self.users[name].emailaddress_set.create(email=f"{login}@example.org", verified=True, primary=True)
            role = Role.OWNER if name.startswith("owner") else Role.MEMBER
            if name.endswith(("of A", "from A", "of B")):
                team = self.b if name.endswith("B") else self.a
                Membership.objects.create(team=team, user=self.users[name], role=role)
        person = Person(login)
        person.sign_in()
        if name == "organizer":
            person.set_up_second_factor()
            person.post("/accounts/2fa/reauthenticate/", {"code": person.code()})
        person.client.handler.enforce_csrf_checks = False
        return person.client

    def tokens(self) -> dict[str, str]:
        """The secret of each of TOKENS."""
        by, of_b = self.users["owner of A"], self.users["owner of B"]
        self.token, reading = make_token(self.a, name="night-watch", workers=False, by=by)
        _, workers = make_token(self.a, name="day-watch", workers=True, by=by)
        old, revoked = make_token(self.a, name="old-watch", workers=True, by=by)
        revoke_token(old, by=by)
        _, strange = make_token(self.b, name="watch", workers=True, by=of_b)
        return dict(zip(TOKENS, (reading, workers, revoked, strange), strict=True))


@contextmanager
def everybody(worker: "conftest.Worker") -> Iterator[World]:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], UNCHECKED_WORKERS=True):
        cache.clear()
        yield World(worker)
        cache.clear()
