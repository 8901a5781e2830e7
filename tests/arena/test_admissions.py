"""In a round of the invited, a one-time code lets one voter vote, and nobody can tell who used which."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from arena.admissions import codes_of
from arena.models import AdmissionCode, Vote
from tests.conftest import make_contest


@pytest.fixture
def contest(transactional_db, worker):
    return make_contest(worker, 2, voters="verified")


@pytest.fixture
def codes(contest, capsys):
    call_command("invite_voters", "1", "2", stdout=StringIO())
    head, *made = capsys.readouterr().out.split()
    assert head == "code"
    return made


def enter(visitor, code):
    sent = {"csrfmiddlewaretoken": visitor.http.cookies["csrftoken"], "code": code}
    return visitor.http.post("/code", data=sent, headers={"Origin": visitor.base})


def test_without_a_code_no_battle_starts_and_the_page_says_where_to_enter_one(site, visitor, codes):
    refused = visitor.post("/battles")
    assert (refused.status_code, refused.json()["code"]) == (403, "invitation_needed")
    assert 'href="/code"' in visitor.http.get("/").text
    assert "Invitation codes made: 2, used: 0." in visitor.http.get("/rounds/1").text


def test_a_code_lets_one_voter_vote(site, newcomer, codes, contest):
    first, second = newcomer(), newcomer()
    assert enter(first, codes[0].lower().replace("-", " ")).status_code == 302
    assert first.start()
    wrong = enter(second, codes[0])
    assert wrong.status_code == 403
    assert "it was used already" in wrong.text
    assert second.post("/battles").status_code == 403
    assert enter(second, codes[1]).status_code == 302
    assert (codes_of(contest.gate_id).made, codes_of(contest.gate_id).used) == (2, 2)


def test_a_second_code_of_one_voter_is_not_used(site, visitor, codes, contest):
    enter(visitor, codes[0])
    again = enter(visitor, codes[1])
    assert (again.status_code, "The code was not used" in again.text) == (409, True)
    assert codes_of(contest.gate_id).used == 1


def test_guessing_is_braked(site, visitor, codes):
    tries = [enter(visitor, f"guess {n}").status_code for n in range(11)]
    assert tries == [403] * 10 + [429]


def test_a_code_is_kept_as_a_digest_and_says_nothing_of_its_voter(site, visitor, codes):
    enter(visitor, codes[0])
    kept = [str(value) for row in AdmissionCode.objects.values() for value in row.values()]
    assert not any(code.replace("-", "") in value for code in codes for value in kept)
    assert {field.name for field in AdmissionCode._meta.get_fields()} == {"id", "gate", "digest", "used"}
    assert Vote.objects.count() == 0


@pytest.mark.parametrize(("key", "number", "words"), [("2", "1", "There is no round 2"), ("1", "0", "from 1 to")])
def test_codes_are_refused_with_words(contest, key, number, words):
    with pytest.raises(CommandError, match=words):
        call_command("invite_voters", key, number)
    assert not AdmissionCode.objects.exists()
