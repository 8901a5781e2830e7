"""Verdicts, allegations and incidents in the hands of organizers and teams: explained before, some by two."""

import re

import pytest

from accounts.models import Action, Membership, Team, User
from leaderboard.models import Allegation, EligibilityVerdict, Incident, Rebuttal
from leaderboard.rounds import close_round
from tests.console.test_rounds import WHY, said, send
from tests.leaderboard.test_closing import decide
from tests.person import PASSWORD, Person

ROUND = "/console/rounds/1/eligibility"
ALDER = f"{ROUND}/alder/technical"
ALLEGED = {"text": "Its encoders are another's.", "text_ko": "인코더가 다른 모델의 것입니다."}
DIGEST = "ab" * 32


@pytest.fixture
def two(organizer, contest):
    return organizer("ada"), organizer("bea")


@pytest.fixture
def member(contest, quick_passwords):
    """Makes members of teams, signed in."""

    def make(name, team, language="en"):
        user = User.objects.create_user(name, f"{name}@example.org", PASSWORD)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        if team:
            Membership.objects.create(team=Team.objects.get(slug=team), user=user)
        person = Person(name, language)
        person.sign_in()
        return person

    return make


def alleged(ada, **changes):
    answer = send(
        ada,
        "/console/rounds/1/allege",
        **{"source": "public", "entry": "alder", "axis": "technical", **ALLEGED, **changes},
    )
    return Allegation.objects.last(), answer


def test_a_failing_verdict_is_asked_for_by_one_confirmed_by_another_and_takes_its_model_out(two, contest):
    ada, bea = two
    decide(contest)
    page = ada.get(ALDER)
    assert "A failing verdict waits until another organizer confirms it" in said(page)
    told = {"outcome": "failed", "evidence": f"https://example.org/report {DIGEST}", "reviewer": "A committee", **WHY}
    answer = send(ada, ALDER, page, **told)
    assert "waits for another organizer" in said(answer)
    assert not EligibilityVerdict.objects.exists()
    assert "ada asks for a second signature under a verdict in Round 1" in said(bea.get("/console/"))
    own = send(ada, f"{ALDER}/confirm")
    assert (own.status_code, "cannot confirm it, too" in said(own)) == (409, True)
    shown = bea.get(f"{ALDER}/confirm")
    for words in ("ada asks for: Failed", "As agreed.", "A committee", DIGEST, "out when the result is published"):
        assert words in said(shown), words
    assert "Confirmed and done." in said(send(bea, f"{ALDER}/confirm", shown))
    close_round(contest)
    assert contest.participations.get(entry__slug="alder").state == "disqualified"
    public = said(bea.get("/rounds/1/eligibility"))
    for words in ("by two organizers", "looked into by A committee", f"SHA-256 {DIGEST}", "As agreed."):
        assert words in public, words
    told = dict(re.findall(r"data-gate-(\w+)>([^<]*)<", public))
    assert told == {"failed": "Alder", "goes": "Dogwood", "without": "Dogwood"}
    assert "Failed" in said(bea.get("/entries/alder"))
    assert [row.action for row in Action.objects.filter(action__startswith="verdict").order_by("id")] == [
        "verdict.asked", "verdict.given",
    ]  # fmt: skip


def test_a_verdict_is_given_at_once_where_nobody_goes_out_and_anew_only_with_why(two):
    ada, _ = two
    answer = send(ada, ALDER, outcome="passed", **WHY)
    assert "The verdict is given." in said(answer)
    page = ada.get(ALDER)
    assert 'name="why_anew"' in page.content.decode()
    refused = send(ada, ALDER, page, outcome="conditional", findings="Typed with care.", **WHY)
    assert (refused.status_code, "has to say why that one does not stand" in said(refused)) == (409, True)
    assert "Typed with care." in said(refused)
    send(ada, ALDER, outcome="conditional", why_anew="Its licence was changed.", **WHY)
    assert [one.outcome for one in EligibilityVerdict.objects.order_by("number")] == ["passed", "conditional"]
    public = said(ada.get("/rounds/1/eligibility"))
    assert "Its licence was changed." in public
    assert "Earlier verdicts" in public


def test_who_comes_second_is_told_and_changes_nothing(two):
    ada, bea = two
    page = ada.get(ALDER)
    send(bea, ALDER, outcome="passed", **WHY)
    late = send(ada, ALDER, page, outcome="conditional", reason="Too late.")
    assert (late.status_code, "changed meanwhile" in said(late), "Too late." in said(late)) == (409, True, True)
    assert EligibilityVerdict.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": ""}, "no verdict was chosen"),
        ({"outcome": "shrug"}, "no verdict was chosen"),
        ({"outcome": "passed", "reason": ""}, "it needs a reason"),
        ({"outcome": "passed", "reason": "A\0"}, "one line of at most 300"),
        ({"outcome": "passed", "evidence": "javascript:alert(1)"}, "begins with an address on the web"),
    ],
)
def test_a_verdict_that_says_nothing_good_is_refused_and_stays_typed(two, changes, words):
    ada, _ = two
    answer = send(ada, ALDER, **{**WHY, "findings_ko": "정성껏 썼습니다.", **changes})
    assert (answer.status_code, words in said(answer), "정성껏 썼습니다." in said(answer)) == (409, True, True)
    assert not EligibilityVerdict.objects.exists()


def test_what_is_no_page_is_none(two, client):
    ada, _ = two
    for path in (f"{ROUND}/nobody/technical", f"{ROUND}/alder/musical", f"{ALDER}/confirm", f"{ALDER}/withdraw"):
        assert ada.get(path).status_code == 404, path
    assert ada.get("/console/allegations/7/upheld").status_code == 404
    assert client.get("/rounds/7/eligibility").status_code == 404


def test_an_allegation_of_the_public_is_entered_answered_dismissed_and_told(two, member):
    ada, _ = two
    found, answer = alleged(ada, evidence="https://example.org/post")
    assert "The allegation is public." in said(answer)
    assert "An allegation against Alder waits to be settled (Round 1)." in said(ada.get("/console/"))
    al = member("al", "team-alder", "ko")
    page = al.get("/team/team-alder/allegations")
    assert ALLEGED["text_ko"] in said(page)
    path = f"/team/team-alder/allegations/{found.pk}/answer"
    rebuttal = {"text": "They <b>are</b> ours.", "text_ko": "저희 것입니다.", "evidence": ""}
    al.post(path, rebuttal, shown_at="/team/team-alder/allegations")
    assert Rebuttal.objects.get().text == "They <b>are</b> ours."
    settled = send(ada, f"/console/allegations/{found.pk}/dismissed", **WHY)
    assert "Done: Dismiss." in said(settled)
    public = said(ada.get("/rounds/1/eligibility"))
    for words in ("They &lt;b&gt;are&lt;/b&gt; ours.", "https://example.org/post", "Dismissed", "Team Alder answers"):
        assert words in public, words
    assert "Somebody from the public" in said(ada.get("/entries/alder"))


def test_a_stranger_is_refused_the_teams_page_and_an_organizer_does_not_speak_for_it(two, member, client):
    ada, _ = two
    found, _answer = alleged(ada)
    bo = member("bo", "team-birch")
    assert bo.get("/team/team-alder/allegations").status_code == 403
    paths = (f"/team/team-alder/allegations/{found.pk}/answer", "/team/team-alder/allegations/raise")
    for path in paths:
        assert bo.post(path, {"text": "No."}, shown_at="/team/team-birch/allegations").status_code == 403
        assert ada.post(path, {"text": "No."}, shown_at="/console/rounds/1/allege").status_code == 403
        assert client.post(path).status_code in (302, 403)
    elsewhere = f"/team/team-birch/allegations/{found.pk}/answer"
    assert bo.post(elsewhere, {"text": "No."}, shown_at="/team/team-birch/allegations").status_code == 404
    assert bo.get(ROUND).status_code == 403
    assert not Rebuttal.objects.exists()


def test_a_team_alleges_against_another_and_takes_it_back(two, member):
    bo = member("bo", "team-birch")
    home = "/team/team-birch/allegations"
    told = {"entry": "alder", "axis": "policy", "evidence": "", **ALLEGED}
    own = bo.post(f"{home}/raise", told | {"entry": "birch"}, shown_at=home)
    assert (own.status_code, "nothing against its own model" in said(own)) == (409, True)
    assert ALLEGED["text"].replace("'", "&#x27;") in said(own)
    long = bo.post(f"{home}/raise", told | {"text": "x" * 4001}, shown_at=home)
    assert (long.status_code, "at most 4000 characters" in said(long)) == (409, True)
    bo.post(f"{home}/raise", told, shown_at=home)
    found = Allegation.objects.get()
    assert (found.source, found.team.slug, found.by.username) == ("team", "team-birch", "bo")
    nothing = bo.post(f"{home}/{found.pk}/withdraw", {"reason": ""}, shown_at=home)
    assert (nothing.status_code, "it needs a reason" in said(nothing)) == (409, True)
    bo.post(f"{home}/{found.pk}/withdraw", WHY, shown_at=home)
    public = said(bo.get("/rounds/1/eligibility"))
    assert "Team Birch" in public
    assert "Withdrawn" in public


def test_a_flood_of_allegations_is_braked(two, member):
    bo, home = member("bo", "team-birch"), "/team/team-birch/allegations"
    told = {"entry": "alder", "axis": "policy", **ALLEGED}
    statuses = [bo.post(f"{home}/raise", told, shown_at=home).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


def test_a_rights_notice_hides_what_is_said_and_shows_that_it_is_hidden(two, member, client):
    ada, _ = two
    found, _answer = alleged(ada)
    path = f"/console/allegations/{found.pk}/hide"
    assert "That it is hidden, for how long and why, everybody sees." in said(ada.get(path))
    for days in ("31", "0", "-1", "ten", "1e1"):
        refused = send(ada, path, days=days, **WHY)
        assert (refused.status_code, "1 to 30 days" in said(refused)) == (409, True), days
    send(ada, path, days="30", reason="A rights notice came in.")
    words = ALLEGED["text"].replace("'", "&#x27;")
    for public in ("/rounds/1/eligibility", "/entries/alder", "/log"):
        html = said(client.get(public, headers={"Accept-Language": "en"}))
        assert words not in html, public
        assert "A rights notice came in." in html, public
    assert ALLEGED["text"] not in client.get("/api/v1/log").content.decode()
    assert words in said(member("al", "team-alder").get("/team/team-alder/allegations"))
    assert words in said(ada.get(ROUND))
    assert ada.get(path).status_code == 404
    send(ada, f"/console/allegations/{found.pk}/show", **WHY)
    assert words in said(client.get("/rounds/1/eligibility", headers={"Accept-Language": "en"}))


def test_an_incident_is_told_in_a_form_and_stands_in_the_log(two, client):
    ada, _ = two
    told = {"began_at": "2026-11-01T10:00", "ended_at": "2026-11-01T11:00", "what": "It was down.", "round": "1"}
    for wrong, words in (
        ({"began_at": "soon"}, "when it was is no date"),
        ({"ended_at": "later"}, "when it was is no date"),
        ({"round": "9"}, "there is no such round"),
        ({"round": "\0"}, "there is no such round"),
        ({"what": " "}, "does not say what happened"),
        ({"ended_at": "2026-11-01T09:00"}, "ended before it began"),
    ):
        answer = send(ada, "/console/incidents/new", **{**told, **wrong})
        assert (answer.status_code, words in said(answer)) == (409, True), wrong
    answer = send(ada, "/console/incidents/new", **told)
    assert answer.request["PATH_INFO"] == "/log"
    assert "It was down." in said(answer)
    assert Incident.objects.get().round.number == 1
    assert re.search(r"1 November 2026,? 10:00", said(client.get("/log", headers={"Accept-Language": "en"})))


def test_the_rules_say_what_must_be_looked_at(two):
    ada, _ = two
    page, told = ada.get("/console/rounds/new"), {"part-alder": "competes", "part-birch": "competes", **WHY}
    assert "The result is published only when each model has a verdict on these." in said(page)
    answer = send(
        ada,
        "/console/rounds/new",
        page,
        eligibility=["", "technical", "ethical"],
        **told,
    )
    assert answer.request["PATH_INFO"] == "/console/rounds/2", said(answer)
    edit = ada.get("/console/rounds/2/draft").content.decode()
    assert re.findall(r'name="eligibility" value="(\w+)" checked', edit) == ["technical", "ethical"]
    send(ada, "/console/rounds/2/draft", eligibility=[""])
    assert "checked" not in ada.get("/console/rounds/2/draft").content.decode().split('name="eligibility"')[2][:40]
