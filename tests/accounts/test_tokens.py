"""Tokens of a team: made by its owners, shown once, revoked for good; and what a script can do with one."""

import re

import pytest

from accounts.models import Action, Membership, Role, Team, Token, User
from inference.draining import in_service
from inference.entries import add_entry, add_worker
from inference.models import Worker
from leaderboard.consequences import take_back
from tests.accounts.test_teams import member, said, team  # noqa: F401  fixtures
from tests.leaderboard.test_consequences import cut, finish, two  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS = "/team/team-alder/tokens"
WORKERS = "/api/v1/team/workers"


def make(person, name="watch", scope="read"):
    return person.post(f"{TOKENS}/make", {"name": name, "scope": scope}, shown_at=TOKENS)


def secret_of(answer) -> str:
    return re.search(r'<code class="secret">(lms_[\w-]{43})</code>', answer.content.decode())[1]


def bearing(secret, **more):
    return {"Authorization": f"Bearer {secret}", "Accept-Language": "en", **more}


@pytest.fixture
def owner(member):  # noqa: F811
    return member("olga", Role.OWNER)


@pytest.fixture
def alder(team):  # noqa: F811
    """The team's model and its worker."""
    return add_worker(add_entry(slug="alder", name="Alder", team="Team Alder"), url="http://a:1", served_name="alder")


@pytest.fixture
def stranger(alder):
    return add_worker(add_entry(slug="birch", name="Birch", team="Team Birch"), url="http://b:1", served_name="birch")


def test_a_token_is_shown_once_and_kept_as_a_digest(owner, client, alder):
    answer = make(owner)
    secret = secret_of(answer)
    assert answer["Cache-Control"].startswith("max-age=0")
    assert secret not in said(owner.get(TOKENS))
    assert secret not in str(Token.objects.values_list())
    assert "never used" in said(owner.get(TOKENS))
    told = client.get(WORKERS, headers=bearing(secret)).json()
    assert (told["team"], told["read_only"]) == ("team-alder", False)
    assert told["workers"] == [
        {
            "id": alder.pk,
            "entry": "alder",
            "url": "http://a:1",
            "served_name": "alder",
            "weights_digest": "",
            "chat_template_digest": "",
            "registered": False,
            "refused_because": "",
            "reason": "",
            "pace": None,
            "checking": None,
            "checks": [],
            "drift": [],
            "healthy": False,
            "checked_at": None,
            "slots": 8,
            "dealt": 0,
            "state": "in_service",
            "held_by": [],
        }
    ]
    assert "last used" in said(owner.get(TOKENS))
    assert [row.action for row in Action.objects.all()] == ["token.made"]


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer lms_nothing", "Basic bGlubw==", "Bearer " + "x" * 5000])
def test_without_a_good_token_nothing_is_told(client, owner, shown):
    answer = client.get(WORKERS, headers={"Authorization": shown} if shown is not None else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "no_token")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_token(owner):
    assert owner.client.get(WORKERS).status_code == 401


def test_a_revoked_token_opens_nothing(owner, client, team):  # noqa: F811
    secret = secret_of(make(owner))
    row = Token.objects.get()
    assert "opens nothing any more" in said(owner.post(f"{TOKENS}/{row.pk}/revoke", shown_at=TOKENS))
    assert client.get(WORKERS, headers=bearing(secret)).status_code == 401
    assert "revoked already" in said(owner.post(f"{TOKENS}/{row.pk}/revoke", shown_at=TOKENS))
    secret_of(make(owner))  # its name is free again
    assert Action.objects.filter(action="token.revoked").count() == 1


@pytest.mark.parametrize("name", [" ", "x" * 61, "two\nlines", "nul\0"])
def test_a_token_without_a_proper_name_is_refused(owner, name):
    answer = make(owner, name)
    assert answer.status_code == 400
    assert "A token needs a name of one line" in said(answer)
    assert not Token.objects.exists()


def test_two_tokens_of_a_team_have_two_names_and_there_are_twenty_at_most(owner, team):  # noqa: F811
    make(owner)
    assert "has a token of this name" in said(make(owner))
    by = User.objects.get(username="olga")
    for n in range(19):
        Token.objects.create(team=team, name=f"more {n}", digest=str(n), begins="lms_", made_by=by)
    assert "has 20 tokens already" in said(make(owner, "one more"))


def test_only_owners_make_tokens_and_members_see_them(owner, member, organizer):  # noqa: F811
    make(owner)
    bo = member("bo")
    assert "Make a token" not in said(bo.get(TOKENS))
    assert "watch" in said(bo.get(TOKENS))
    assert make_anyway(bo).status_code == 403
    ada = organizer()
    assert "Make a token" not in said(ada.get(TOKENS))
    assert make_anyway(ada).status_code == 403
    assert Token.objects.count() == 1
    # Where a secret got out at night, an organizer can help.
    assert "opens nothing any more" in said(ada.post(f"{TOKENS}/{Token.objects.get().pk}/revoke", shown_at=TOKENS))


def make_anyway(person):
    return person.post(f"{TOKENS}/make", {"name": "mine", "scope": "workers"}, shown_at="/accounts/")


def test_who_signed_in_long_ago_shows_the_password_again(owner):
    session = owner.client.session
    records = [record | {"at": record["at"] - 3600} for record in session["account_authentication_methods"]]
    session["account_authentication_methods"] = records
    session.save()
    assert make(owner).request["PATH_INFO"] == "/accounts/reauthenticate/"
    assert not Token.objects.exists()


def test_a_script_takes_a_worker_out_of_service_and_lets_it_back_in(owner, client, alder):
    secret = secret_of(make(owner, scope="workers"))
    answer = client.post(f"{WORKERS}/{alder.pk}/drain", headers=bearing(secret)).json()
    assert (answer["state"], answer["held_by"]) == ("draining", ["team"])
    assert not in_service(Worker.objects.filter(pk=alder.pk)).exists()
    assert client.post(f"{WORKERS}/{alder.pk}/drain", headers=bearing(secret)).json() == answer
    answer = client.post(f"{WORKERS}/{alder.pk}/resume", headers=bearing(secret)).json()
    assert (answer["state"], answer["held_by"]) == ("in_service", [])
    log = Action.objects.filter(action__startswith="worker").order_by("id")
    assert [(row.action, row.details["token"]) for row in log] == [
        ("worker.drained", "watch"),
        ("worker.drained", "watch"),
        ("worker.resumed", "watch"),
    ]


def test_a_team_sees_and_changes_nothing_of_another(owner, client, stranger):
    secret = secret_of(make(owner, scope="workers"))
    assert [one["entry"] for one in client.get(WORKERS, headers=bearing(secret)).json()["workers"]] == ["alder"]
    for number in (stranger.pk, 10**6, 10**30):
        answer = client.post(f"{WORKERS}/{number}/drain", headers=bearing(secret))
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_worker")
    assert in_service(Worker.objects.filter(pk=stranger.pk)).exists()


def test_a_token_that_reads_changes_nothing(owner, client, alder):
    answer = client.post(f"{WORKERS}/{alder.pk}/drain", headers=bearing(secret_of(make(owner))))
    assert (answer.status_code, answer.json()["code"]) == (403, "token_may_not")
    assert in_service(Worker.objects.filter(pk=alder.pk)).exists()


def test_a_script_that_asks_without_end_is_told_when_to_come_back(owner, client, alder):
    secret = secret_of(make(owner))
    codes = [client.get(WORKERS, headers=bearing(secret)).status_code for _ in range(121)]
    assert codes == [200] * 120 + [429]


def test_tokens_of_a_team_that_is_out_only_read_until_it_is_in_again(contest, two, quick_passwords, client):  # noqa: F811
    dogwood = Team.objects.get(slug="team-dogwood")
    by = User.objects.create_user("dora")
    Membership.objects.create(team=dogwood, user=by, role=Role.OWNER)
    from accounts.tokens import make_token  # noqa: PLC0415  beside what it tells

    _, secret = make_token(dogwood, name="watch", workers=True, by=by)
    cut(contest, "alder", "birch", "cedar", "dogwood")
    finish(contest, two)
    told = client.get(WORKERS, headers=bearing(secret)).json()
    assert (told["read_only"], told["workers"][0]["held_by"]) == (True, ["contest"])
    number = told["workers"][0]["id"]
    answer = client.post(f"{WORKERS}/{number}/resume", headers=bearing(secret))
    assert (answer.status_code, answer.json()["code"]) == (403, "token_only_reads")
    assert "No model of this team is in the contest" in answer.json()["message"]
    take_back(contest)
    assert client.post(f"{WORKERS}/{number}/resume", headers=bearing(secret)).status_code == 200
    assert client.get(WORKERS, headers=bearing(secret)).json()["read_only"] is False
