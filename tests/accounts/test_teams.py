"""Teams: who gets in, as what, and out again."""

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.invitations import accept, invite
from accounts.models import Action, Invitation, Membership, Role, Team, User
from accounts.teams import CannotChangeTeam, LastOwner, remove
from tests.person import PASSWORD, Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(quick_passwords):
    return Team.objects.create(slug="team-alder", name="Team Alder")


@pytest.fixture
def member(team):
    """Makes members of the team, signed in."""

    def make(name: str, role: Role = Role.MEMBER, language: str = "en") -> Person:
        user = User.objects.create_user(name, f"{name}@example.org", PASSWORD)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        Membership.objects.create(team=team, user=user, role=role)
        person = Person(name, language)
        person.sign_in()
        return person

    return make


MEMBERS = "/team/team-alder/members"


def said(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def roles() -> dict[str, str]:
    return dict(Membership.objects.values_list("user__username", "role"))


def change(person: Person, name: str, role: str):
    return person.post(f"{MEMBERS}/{name}/role", {"role": role}, shown_at=MEMBERS)


def test_the_first_owner_is_invited_by_an_organizer_and_joins_with_a_new_account(team, organizer, link):
    ada = organizer()
    ada.post(f"{MEMBERS}/invite", {"email": "Olga@Example.org", "role": "owner"}, shown_at=MEMBERS)
    letter = mail.outbox[-1]
    assert letter.to == ["olga@example.org"]
    assert "Invitation to Team Alder" in letter.subject
    assert "초대" in letter.body
    path = link()
    olga = Person("olga")
    assert "Your account gets the address olga@example.org" in said(olga.get(path))
    data = {"name": "olga", "password": PASSWORD, "again": PASSWORD}
    assert "You are in Team Alder." in said(olga.post(path, data))
    assert roles() == {"olga": "owner"}
    assert "This invitation is over" in said(Person("eve").get(path))
    other = Person("olga@example.org")
    assert other.sign_in().request["PATH_INFO"] == "/accounts/"
    assert [row.action for row in Action.objects.all()] == ["team.joined", "team.invited"]
    assert "olga@" not in str(Action.objects.values_list("details", flat=True))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "olga", "again": "other"}, "The two passwords are not the same."),
        ({"name": "olga", "password": "short", "again": "short"}, "too short"),
        ({"name": "ol ga!"}, "valid username"),
        ({"name": "Bo"}, "name is taken"),
    ],
)
def test_what_makes_no_safe_account_is_refused_and_what_was_typed_stays(team, member, link, data, words):
    bo = member("bo", Role.OWNER)
    bo.post(f"{MEMBERS}/invite", {"email": "olga@example.org", "role": "member"}, shown_at=MEMBERS)
    answer = Person("olga").post(link(), {"password": PASSWORD, "again": PASSWORD, **data})
    assert words in said(answer)
    assert f'value="{data["name"]}"' in answer.content.decode()
    assert answer.status_code == 400
    assert not User.objects.filter(email="olga@example.org").exists()
    assert Invitation.objects.get().good


def test_who_has_an_account_signs_in_and_joins_with_it(team, organizer, link):
    ada = organizer()
    ada.post(f"{MEMBERS}/invite", {"email": "ada@example.org", "role": "member"}, shown_at=MEMBERS)
    path = link()
    stranger = Person("eve")
    assert "Sign in with it to join" in said(stranger.get(path))
    assert "Sign in with it" in said(
        stranger.post(path, {"name": "eve", "password": PASSWORD, "again": PASSWORD}, shown_at="/accounts/login/")
    )
    assert "You are signed in as ada." in said(ada.get(path))
    ada.post(path)
    assert roles() == {"ada": "member"}


@pytest.mark.parametrize("spoiled", ["forged", "old", "withdrawn", "replaced"])
def test_a_link_that_is_forged_old_withdrawn_or_replaced_opens_nothing(team, member, link, spoiled):
    bo = member("bo", Role.OWNER)
    bo.post(f"{MEMBERS}/invite", {"email": "olga@example.org", "role": "member"}, shown_at=MEMBERS)
    path = link()
    row = Invitation.objects.get()
    if spoiled == "forged":
        path = f"/invitations/{row.pk}:{'x' * 43}"
    elif spoiled == "old":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert "has run out" in said(bo.get(MEMBERS))
    elif spoiled == "withdrawn":
        assert "no longer works" in said(bo.post(f"{MEMBERS}/invitations/{row.pk}/withdraw", shown_at=MEMBERS))
    else:
        bo.post(f"{MEMBERS}/invite", {"email": "olga@example.org", "role": "member"}, shown_at=MEMBERS)
    answer = Person("olga").get(path)
    assert (answer.status_code, "used up, withdrawn or too old" in said(answer)) == (410, True)


def test_an_invitation_taken_twice_at_once_makes_one_member(team, member):
    member("bo", Role.OWNER)
    bo = User.objects.get(username="bo")
    invitation = invite(team, email="x@example.org", role=Role.MEMBER, by=bo)
    people = [User.objects.create_user(f"p{n}", f"p{n}@example.org") for n in range(4)]
    outcomes: list[str] = []

    def take(user: User) -> None:
        try:
            accept(invitation, user)
            outcomes.append("in")
        except CannotChangeTeam as why:
            outcomes.append(type(why).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["InvitationIsOver"] * 3 + ["in"]
    assert team.memberships.count() == 2


def test_owners_change_roles_and_take_people_out_and_all_is_logged(team, member):
    bo = member("bo", Role.OWNER)
    cleo = member("cleo")
    assert "cleo is now: Owner." in said(change(bo, "cleo", "owner"))
    assert "cleo is now: Member." in said(change(bo, "cleo", "member"))
    assert "cleo is no longer in the team." in said(bo.post(f"{MEMBERS}/cleo/remove", shown_at=MEMBERS))
    assert cleo.get(MEMBERS).status_code == 403
    logged = [(row.action, row.actor.username, row.subject) for row in Action.objects.all()]
    assert logged == [
        ("team.removed", "bo", "team team-alder"),
        ("team.role_changed", "bo", "team team-alder"),
        ("team.role_changed", "bo", "team team-alder"),
    ]


def test_the_last_owner_stays_one(team, member):
    bo = member("bo", Role.OWNER)
    member("cleo")
    for answer in (bo.post(f"{MEMBERS}/leave", shown_at=MEMBERS), change(bo, "bo", "member")):
        assert "last owner" in said(answer)
    change(bo, "cleo", "owner")
    assert "You have left Team Alder." in said(bo.post(f"{MEMBERS}/leave", shown_at=MEMBERS))
    assert roles() == {"cleo": "owner"}


def test_two_owners_who_take_each_other_out_leave_one(team, member):
    member("bo", Role.OWNER)
    member("cleo", Role.OWNER)
    bo, cleo = (User.objects.get(username=name) for name in ("bo", "cleo"))
    outcomes: list[bool] = []

    def take_out(whom: User, by: User) -> None:
        try:
            remove(team, whom, by=by)
            outcomes.append(True)
        except LastOwner:
            outcomes.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=take_out, args=pair) for pair in ((bo, cleo), (cleo, bo))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]


def test_members_and_strangers_change_nothing(team, member):
    bo, cleo = member("bo", Role.OWNER), member("cleo")
    other = Team.objects.create(slug="team-birch", name="Team Birch")
    assert other.slug not in said(bo.get("/accounts/"))
    assert "Invite somebody" not in said(cleo.get(MEMBERS))
    for path in ("invite", "bo/role", "bo/remove"):
        answer = cleo.post(f"{MEMBERS}/{path}", {"email": "x@example.org", "role": "member"}, shown_at=MEMBERS)
        assert answer.status_code == 403
    assert bo.get("/team/team-birch/members").status_code == 403
    assert bo.get("/team/nobody/members").status_code == 404
    assert Client().get(MEMBERS)["Location"] == f"/accounts/login/?next={MEMBERS}"
    assert roles() == {"bo": "owner", "cleo": "member"}


def test_an_organizer_without_a_second_factor_sees_no_team(team, organizer):
    ada = organizer(ready=False)
    ada.sign_in()
    assert ada.client.get(MEMBERS)["Location"] == "/accounts/2fa/totp/activate/"


def test_taking_somebody_out_wants_the_password_again_after_a_while(team, member):
    bo = member("bo", Role.OWNER)
    member("cleo")
    session = bo.client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0, "reauthenticated": True}]
    session.save()
    asked = bo.post(f"{MEMBERS}/cleo/remove", shown_at=MEMBERS)
    assert asked.request["PATH_INFO"] == "/accounts/reauthenticate/"
    assert set(roles()) == {"bo", "cleo"}
    done = bo.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": f"{MEMBERS}/cleo/remove"})
    assert "cleo is no longer in the team." in said(done)


def test_what_was_done_cannot_be_changed_afterwards(team, member):
    bo = member("bo", Role.OWNER)
    member("cleo")
    change(bo, "cleo", "owner")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Action.objects.update(action="nothing.done")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_pages_keep_the_policy_and_the_language(team, member, language, link):
    bo = member("bo", Role.OWNER, language)
    bo.post(f"{MEMBERS}/invite", {"email": "olga@example.org", "role": "member"}, shown_at=MEMBERS)
    for page in (bo.get(MEMBERS), Person("x", language).get(link()), Person("x", language).get("/invitations/1:x")):
        html = page.content.decode()
        assert html.count("<h1") == 1
        assert f'<html lang="{language}">' in html
        assert " style=" not in html
        assert ("초대" in html) == (language == "ko")
