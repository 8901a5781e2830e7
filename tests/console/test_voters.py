"""Organizers make one-time codes for voters in the console: shown once, saved as CSV, and on record."""

import re
from io import StringIO
from urllib.parse import unquote

import pytest
from django.core.management import call_command

from accounts.models import Action
from arena.models import AdmissionCode
from tests.conftest import make_contest
from tests.console.test_rounds import said

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/console/rounds/1/voters"


def test_codes_are_shown_once_and_what_they_are_for_is_on_record(worker, organizer):
    make_contest(worker, 2, voters="verified")
    ada = organizer()
    assert PAGE in said(ada.get("/console/rounds/1"))
    for number, purpose, words in (("0", "Letters.", "from 1 to 5000 codes"), ("2", " ", "it needs a reason")):
        refused = ada.post(PAGE, {"number": number, "purpose": purpose})
        assert (refused.status_code, words in said(refused)) == (409, True)
    assert not AdmissionCode.objects.exists()
    answer = ada.post(PAGE, {"number": "3", "purpose": "The citizens' panel."})
    saved = unquote(
        re.search(r'download="round-1-codes.csv" href="data:text/csv;charset=utf-8,([^"]+)"', said(answer))[1]
    )
    head, *codes = saved.split()
    assert head == "code"
    assert len(set(codes)) == AdmissionCode.objects.count() == 3
    assert all(said(answer).count(code) == 2 for code in codes)
    assert "no-store" in answer.headers["Cache-Control"]
    again = said(ada.get(PAGE))
    assert not any(code in again for code in codes)
    assert "Invitation codes made: 3, used: 0." in again
    done = Action.objects.get(action="voters.invited")
    assert (done.actor.username, done.details) == ("ada", {"number": 3, "reason": "The citizens' panel."})
    log = said(ada.get("/console/log"))
    assert "made 3 invitation codes" in log
    assert "The citizens&#x27; panel." in log
    call_command("invite_voters", "1", "1", purpose="A late letter.", stdout=StringIO())
    assert Action.objects.filter(action="voters.invited").first().details["reason"] == "A late letter."


def test_where_everybody_may_vote_there_are_no_codes(contest, organizer):
    ada = organizer()
    assert PAGE not in said(ada.get("/console/rounds/1"))
    assert ada.get(PAGE).status_code == 404
