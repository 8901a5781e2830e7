"""A wildcard from the call to the newcomer, by the pages that its people use."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Role, User
from leaderboard.models import Application, Call, CallOutcome, PanelVote, Participation, Round
from leaderboard.rounds import open_following_round
from tests.console.test_rounds import said, typed
from tests.leaderboard.test_calls import Stage, pass_to
from tests.leaderboard.test_consequences import cut, finish, two  # noqa: F401  a fixture
from tests.leaderboard.test_participations import part
from tests.person import PASSWORD, Person

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def final(contest, two):  # noqa: F811
    cut(contest, "alder", "birch", "cedar", "dogwood")
    finish(contest, two)
    return contest


def account(name, team=None):
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    if team:
        Membership.objects.create(team=team, user=user, role=Role.MEMBER)
    person = Person(name)
    person.sign_in()
    return person


@pytest.fixture
def call(final, organizer):
    """Call 1, made by Ada and open since a day."""
    ada = organizer()
    now = timezone.now()
    dates = {"opens_at": typed(now - DAY), "closes_at": typed(now + DAY), "decides_at": typed(now + 3 * DAY)}
    words = {"text": "One more <b>may</b> come in.", "text_ko": "한 팀을 더 모집합니다."}
    answer = ada.post("/console/calls/new", {"round": "1", "places": "1", **dates, **words})
    assert "The call is public." in said(answer), said(answer)
    return ada


def voted(person, verdict, reason="It learned."):
    data = {"team": "team-dogwood", "verdict": verdict, "reason": reason, "reason_ko": ""}
    return person.post("/calls/1/panel", data)


def test_a_newcomer_comes_in_by_a_call_a_panel_and_two_signatures(call, final, organizer, client):
    ada, team = call, part("dogwood").team
    dora = account("dora", team)
    assert "One more &lt;b&gt;may&lt;/b&gt; come in." in said(client.get("/calls/1", headers={"Accept-Language": "en"}))
    assert "한 팀을 더 모집합니다." in client.get("/calls/1", headers={"Accept-Language": "ko"}).content.decode()
    data = {"team": team.slug, "entry": "dogwood", "statement": "We mended it.\nTruly."}
    assert "Your team has applied." in said(dora.post("/calls/1/apply", data))
    # Until the call has closed, nobody sees who applies.
    assert client.get("/api/v1/calls/1").json()["applications"] == []
    pass_to(Call.objects.get(), Stage.CLOSED)
    assert client.get("/api/v1/calls/1").json()["applications"][0]["statement"] == "We mended it.\nTruly."
    assert "Call 1 has closed." in said(ada.get("/console/"))
    judges = [account(name) for name in ("cho", "han", "kim")]
    account("eun")
    answer = ada.post("/console/calls/1", {"do": "seat", "panel": "cho, han, dora"})
    assert "dora belongs to Team Dogwood" in said(answer)
    assert answer.status_code == 409
    assert "there is no account nemo" in said(ada.post("/console/calls/1", {"do": "seat", "panel": "cho, nemo, \0"}))
    assert "The panel is named." in said(ada.post("/console/calls/1", {"do": "seat", "panel": "cho, han, eun"}))
    change = {"do": "replace", "leaves": "eun", "comes": "kim", "reason": "She is ill."}
    assert "The panel is changed." in said(ada.post("/console/calls/1", change))
    assert "named kim to the panel instead of eun" in said(ada.get("/console/log"))
    assert "Your vote is kept." in said(voted(judges[0], "yes"))
    assert "Should it come in?" not in said(judges[0].get("/calls/1/panel"))  # no second vote is offered
    voted(judges[1], "yes", "Why not?")
    told = client.get("/api/v1/calls/1").json()["applications"][0]
    assert (told["count"], told["votes"]) == (None, [])
    voted(judges[2], "no", "It is slow.")
    second = open_following_round(final)
    Round.objects.filter(pk=second.pk).update(opens_at=second.opens_at - 2 * DAY + timedelta(hours=1))
    page = said(ada.get("/console/calls/1"))
    assert re.search(r"Its end moves by 2 days, for equal time: from .* to ", page)
    assert "It waits for another" in said(ada.post("/console/calls/1", {"do": "ask", "reason": "As the panel voted."}))
    assert "cannot confirm it, too" in said(ada.post("/console/calls/1", {"do": "confirm"}))
    bea = organizer("bea")
    assert "Confirmed and done." in said(bea.post("/console/calls/1", {"do": "confirm"}))
    assert "settled already" in said(bea.post("/console/calls/1", {"do": "withdraw"}))
    assert Participation.objects.get(round=second, role="wildcard").entry.slug == "dogwood"
    assert "<strong>반대</strong>" in client.get("/calls/1", headers={"Accept-Language": "ko"}).content.decode()
    page = said(client.get("/calls/1", headers={"Accept-Language": "en"}))
    for words in (
        "The round ends 2 days later",
        "In favour 2 · against 1",
        "It is slow.",
        "member 3 of the panel",
        "Decided.",
    ):
        assert words in page
    assert "kim" not in page
    told = client.get("/api/v1/calls/1").json()
    assert (told["outcome"]["admitted"], told["outcome"]["into"], told["outcome"]["days"]) == (
        [{"slug": "dogwood", "name": "Dogwood"}],
        "2",
        2,
    )
    assert [vote["verdict"] for vote in told["applications"][0]["votes"]] == ["yes", "yes", "no"]
    assert client.get("/api/v1/calls").json()["calls"][0]["stage"] == "decided"


def test_that_no_one_is_admitted_is_said_as_plainly(call, final, organizer, client):
    dora = account("dora", part("dogwood").team)
    dora.post("/calls/1/apply", {"team": "team-dogwood", "entry": "dogwood", "statement": "Please."})
    pass_to(Call.objects.get(), Stage.CLOSED)
    judges = [account(name) for name in ("cho", "han", "kim")]
    call.post("/console/calls/1", {"do": "seat", "panel": "cho,han,kim"})
    for judge, verdict in zip(judges, ("yes", "abstain", "abstain"), strict=True):
        voted(judge, verdict)
    assert "No one is admitted." in said(call.get("/console/calls/1"))
    call.post("/console/calls/1", {"do": "ask", "reason": "No majority."})
    organizer("bea").post("/console/calls/1", {"do": "confirm"})
    assert "No one is admitted." in said(client.get("/calls/1", headers={"Accept-Language": "en"}))
    assert CallOutcome.objects.get().admitted == []


def test_a_team_withdraws_its_application_on_its_page(call, final, client):
    dora = account("dora", part("dogwood").team)
    dora.post("/calls/1/apply", {"team": "team-dogwood", "entry": "dogwood", "statement": "Please."})
    assert "Withdraw the application" in said(dora.get("/calls/1/apply"))
    assert "is withdrawn." in said(dora.post("/calls/1/apply", {"team": "team-dogwood", "do": "withdraw"}))
    assert "<strong>Withdrawn.</strong>" in said(dora.get("/calls/1/apply"))
    pass_to(Call.objects.get(), Stage.CLOSED)
    page = said(client.get("/calls/1", headers={"Accept-Language": "en"}))
    assert "Nobody has applied." in page
    assert re.search(r'data-withdrawn="dogwood".* application withdrawn \d+ ', page)


def test_strangers_apply_and_vote_for_nobody(call, final, client):
    eve = account("eve")
    assert "You are in no team." in said(eve.get("/calls/1/apply"))
    data = {"team": "team-dogwood", "entry": "dogwood", "statement": "Mine."}
    assert eve.post("/calls/1/apply", data, shown_at="/accounts/").status_code == 403
    assert eve.get("/calls/1/panel").status_code == 403
    assert eve.get("/console/calls/1").status_code == 403
    assert "/accounts/login/" in client.get("/calls/1/apply")["Location"]
    for path in ("/calls/2", "/calls/99999999999999", "/calls/0"):
        assert client.get(path).status_code == 404
        assert client.get("/api/v1" + path).json()["code"] == "no_such_call"
    assert not Application.objects.exists()
    assert not PanelVote.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"round": "7"}, "no round was chosen"),
        ({"round": "9" * 40}, "no round was chosen"),
        ({"places": "many"}, "a call has a place to give"),
        ({"closes_at": "soon"}, "one of its dates is no date"),
        ({"text": "a\0b"}, "a character that cannot be shown"),
    ],
)
def test_a_call_that_is_typed_wrongly_is_refused_and_stays_typed(final, organizer, changes, words):
    now = timezone.now()
    dates = {"opens_at": typed(now), "closes_at": typed(now + DAY), "decides_at": typed(now + 3 * DAY)}
    data = {"round": "1", "places": "1", "text": "One more.", "text_ko": "하나 더.", **dates, **changes}
    answer = organizer().post("/console/calls/new", data)
    assert answer.status_code == 409
    assert words in said(answer)
    assert "하나 더." in said(answer)
    assert not Call.objects.exists()
