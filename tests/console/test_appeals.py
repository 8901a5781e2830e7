"""Appeals in the organizers' hands: read, ruled on by two, and nobody comes second unnoticed."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Membership, Team, User
from inference.models import Entry
from leaderboard.models import Decision, EligibilityVerdict, Participation, Round, Ruling
from leaderboard.participations import admit_wildcard
from leaderboard.rounds import open_following_round
from tests.console.test_rounds import form, said, send, step
from tests.leaderboard.test_appeals import appeal, over, published

pytestmark = pytest.mark.django_db(transaction=True)

HOME = "/console/rounds/1/appeals"
ONE = f"{HOME}/1"
RULED = {"outcome": "granted", "effect": "reinstate", "reasons": "It was missing.", "reasons_ko": "빠졌습니다."}


@pytest.fixture
def made(contest):
    return appeal(published(contest))


@pytest.fixture
def two(made, organizer):
    return organizer("ada"), organizer("bob")


def propose(person, page=None, **changes):
    return send(person, ONE, page, **{**RULED, **changes})


def post(person, path, page, **changes):
    """Post the fields of the page's first form."""
    html = page.content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    return person.client.post(path, fields | changes, follow=True)


def dogwood():
    return Participation.objects.get(entry__slug="dogwood").state


def test_two_organizers_rule_on_an_appeal(two):
    ada, bob = two
    assert 'data-need="appeal"' in said(ada.get("/console/"))
    assert "1 appeal" in said(ada.get("/console/rounds/1"))
    assert "Appeal 1: Team Dogwood" in said(ada.get(HOME))
    page = said(ada.get(ONE))
    assert "Votes of the last hour are missing." in page
    assert "count.pdf" in page
    assert "It waits for another organizer to confirm it." in said(propose(ada))
    assert "Another organizer has to confirm it; you cannot." in said(ada.get(ONE))
    assert 'data-need="ruling"' in said(bob.get("/console/"))
    looked = bob.get(f"{ONE}/confirm")
    assert "<strong>Dogwood</strong>: eliminated → takes part" in said(looked)
    assert "It was missing." in said(looked)
    assert dogwood() == "eliminated"
    assert "Confirmed and done." in said(send(bob, f"{ONE}/confirm", looked))
    assert dogwood() == "competing"
    log = said(ada.get("/console/log"))
    assert "confirmed the ruling of ada on appeal 1: Granted, A model stays in the contest" in log
    assert "filed appeal 1 for Team Dogwood: The counting of votes" in log
    assert bob.get(f"{ONE}/confirm").status_code == 404


def test_a_ruling_judges_a_model_anew_and_the_cut_is_made_among_those_who_pass(two, made):
    ada, bob = two
    judges = {"effect": "verdict", "judged": "birch", "axis": "technical", "finding": "failed"}
    for changes, words in (
        ({"judged": "nobody"}, "which model of the round"),
        ({"axis": "taste"}, "on which axis"),
        ({"finding": "maybe"}, "and how"),
    ):
        assert words in said(propose(ada, **(judges | changes)))
    propose(ada, **judges)
    assert not EligibilityVerdict.objects.exists()
    looked = bob.get(f"{ONE}/confirm")
    for words in ("Technical: Failed", "<strong>Birch</strong>: takes part → disqualified"):
        assert words in said(looked)
    assert not EligibilityVerdict.objects.exists()
    assert "Confirmed and done." in said(send(bob, f"{ONE}/confirm", looked))
    verdict = EligibilityVerdict.objects.get()
    assert (verdict.by.username, verdict.confirmed_by.username, verdict.findings) == ("ada", "bob", "It was missing.")
    assert verdict.reason == "Judged anew by the ruling on appeal 1 of Team Dogwood."
    assert dict(Participation.objects.values_list("entry__slug", "state")) == {
        "alder": "competing",
        "birch": "disqualified",
        "cedar": "competing",
        "dogwood": "eliminated",
    }
    assert [one.cause for one in Decision.objects.order_by("edition")] == ["published", "ruling"]
    told = Client().get("/api/v1/rounds/1/appeals").json()["appeals"][0]["ruling"]
    birch = {"slug": "birch", "name": "Birch"}
    assert told["verdict"] == {"entry": birch, "axis": "technical", "outcome": "failed", "number": 1}
    assert told["reinstated"] is None
    html = said(Client().get("/rounds/1/appeals", headers={"Accept-Language": "en"}))
    assert ">Birch</a> (Technical): <strong>Failed</strong>." in html
    assert "Judged anew by the ruling" in said(Client().get("/rounds/1/eligibility", headers={"Accept-Language": "en"}))
    with pytest.raises(IntegrityError), transaction.atomic():
        Ruling.objects.update(finding="passed")
    # Its own team appeals, and the next verdict takes that one's place.
    appeal(made.round, "birch", ground="eligibility")
    other = f"{HOME}/2"
    assert "that verdict stands already" in said(send(ada, other, **(RULED | judges)))
    send(ada, other, **(RULED | judges | {"finding": "passed"}))
    send(bob, f"{other}/confirm")
    assert Participation.objects.get(entry__slug="birch").state == "competing"
    last = EligibilityVerdict.objects.latest("number")
    assert (last.number, last.why_anew) == (2, "Judged anew by the ruling on appeal 2 of Team Birch.")


def test_the_team_is_told_by_mail_in_both_languages(two, mailoutbox):
    ada, bob = two
    propose(ada)
    mailoutbox.clear()
    send(bob, f"{ONE}/confirm")
    assert [letter.to for letter in mailoutbox] == [["dogwood-owner@example.org"]]
    for words in ("Appeal 1 of Team Dogwood was ruled on", "결정했습니다", "/team/team-dogwood/appeals"):
        assert words in mailoutbox[0].subject + mailoutbox[0].body


def test_looking_changes_nothing(two):
    ada, bob = two
    propose(ada)
    for _look in range(2):
        assert bob.get(f"{ONE}/confirm").status_code == 200
    assert (dogwood(), Ruling.objects.get().confirmed_by) == ("eliminated", None)


def test_who_comes_second_is_told_and_loses_nothing(two, organizer):
    ada, bob = two
    page = bob.get(ONE)
    propose(ada)
    answer = propose(bob, page, reasons="Bob's own reasons.")
    assert answer.status_code == 409
    assert "a ruling on it waits to be confirmed" in said(answer)
    cleo = organizer("cleo")
    looks = [person.get(f"{ONE}/confirm") for person in (bob, cleo)]
    send(bob, f"{ONE}/confirm", looks[0])
    answer = send(cleo, f"{ONE}/confirm", looks[1])
    assert answer.status_code == 409
    assert "This was changed meanwhile" in said(answer)


def test_a_ruling_that_was_replaced_is_not_the_one_confirmed(two):
    ada, bob = two
    propose(ada)
    looked = bob.get(f"{ONE}/confirm")
    post(ada, ONE, ada.get(ONE), do="withdraw")
    propose(ada, outcome="dismissed", effect="none")
    answer = send(bob, f"{ONE}/confirm", looked)
    assert (answer.status_code, "This was changed meanwhile" in said(answer)) == (409, True)
    assert Ruling.objects.filter(confirmed_by=None).count() == 2


def test_what_makes_no_ruling_is_refused_and_stays_typed(two):
    ada, _bob = two
    answer = propose(ada, outcome="dismissed", reasons="Typed with care.")
    assert answer.status_code == 409
    assert "Nothing was done: a dismissed appeal has no effect." in said(answer)
    assert form(answer)["reasons"] == ["Typed with care."]
    assert not Ruling.objects.exists()


def test_a_third_one_dissents(two, organizer):
    ada, bob = two
    propose(ada)
    cleo = organizer("cleo")
    answer = post(cleo, ONE, cleo.get(ONE), do="dissent", words="Nothing was missing.")
    assert "Your dissent is kept" in said(answer)
    assert "<strong>cleo</strong>: Nothing was missing." in said(bob.get(f"{ONE}/confirm"))
    assert "data-dissent-form" not in said(cleo.get(ONE))
    assert "data-dissent-form" not in said(ada.get(ONE))


def test_a_member_of_a_team_reads_and_rules_nothing(two, organizer):
    ada, bob = two
    page = bob.get(ONE)
    Membership.objects.create(team=Team.objects.get(slug="team-alder"), user=User.objects.get(username="bob"))
    shown = said(bob.get(ONE))
    assert "You are a member of Team Alder" in shown
    assert "Votes of the last hour" not in shown
    answer = propose(bob, page)
    assert (answer.status_code, "bob is a member of Team Alder" in said(answer)) == (409, True)
    propose(ada)
    assert "Votes of the last hour" not in said(bob.get(f"{ONE}/confirm"))


def test_a_re_run_leads_to_the_steps_that_carry_it_out(two, made):
    ada, bob = two
    propose(ada, effect="re_run")
    send(bob, f"{ONE}/confirm")
    page = said(ada.get(ONE))
    assert "It is to be carried out by one of these steps:" in page
    over(made.round)
    step(ada, "final")
    assert "wants votes to come in again" in said(send(bob, "/console/rounds/1/confirm"))
    send(ada, "/console/rounds/1/withdraw")
    step(ada, "open", ends_at="2099-01-01T00:00")
    assert "Carried out by step 8 of the round." in said(ada.get(ONE))


@pytest.mark.parametrize("path", ["/console/rounds/9/appeals", f"{HOME}/9", f"{ONE}/confirm"])
def test_what_is_not_there_is_not_found(two, path):
    assert two[0].get(path).status_code == 404


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_pages_keep_the_policy_and_the_language(made, organizer, language):
    ada, bob = organizer("ada", language=language), organizer("bob", language=language)
    pages = [ada.get(path) for path in (HOME, ONE)]
    propose(ada)
    pages += [bob.get(path) for path in (HOME, ONE, f"{ONE}/confirm")]
    for page in pages:
        html = said(page)
        assert page.status_code == 200
        assert html.count("<h1") == 1
        assert f'<html lang="{language}">' in html
        assert " style=" not in html
        for control in re.findall(r'<(?:input|select|textarea) id="([^"]+)"', html):
            assert f'for="{control}"' in html


def test_a_round_that_has_begun_goes_on_without_who_comes_back_and_the_organizers_are_told(two):
    ada, bob = two
    first = Round.objects.get()
    following = open_following_round(first)
    refused = step(ada, "open", reason="Once more.", ends_at="2040-01-01T18:00")
    assert "round 2 goes by its result" in said(refused)
    assert Round.objects.get(number=1).state == "appeal"
    assert 'data-later="2"' in said(ada.get("/console/rounds/1/to/annulled"))
    propose(ada)
    looked = bob.get(f"{ONE}/confirm")
    assert 'data-later="2"' in said(looked)
    assert 'data-need="left_out"' not in said(bob.get("/console/"))
    send(bob, f"{ONE}/confirm", looked)
    home = said(bob.get("/console/"))
    assert 'data-need="left_out"' in home
    assert "not in Round 2: Dogwood." in home
    admit_wildcard(following, Entry.objects.get(slug="dogwood"), reason="By the ruling on appeal 1.")
    assert 'data-need="left_out"' not in said(bob.get("/console/"))
