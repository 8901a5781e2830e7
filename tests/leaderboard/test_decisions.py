"""Who is out is decided once, with everything it rests on; taken back, it stays on record."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from leaderboard.cut.decisions import decide_now, in_force
from leaderboard.cut.networks import NETWORKS
from leaderboard.fold import fold
from leaderboard.models import Actor, BeaconValue, Decision, NamedBeacon, Network, Participation, Round, RoundState
from leaderboard.rounds import CannotClose, close_round
from leaderboard.states import move
from rating.command import main as rating_command
from rating.decision import Grounds
from tests.conftest import make_contest
from tests.console.test_rounds import form, said, send
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_eligibility import fail, organizers
from tests.leaderboard.test_folding import cast

__all__ = ["organizers"]


def states():
    return dict(Participation.objects.values_list("entry__slug", "state"))


def test_a_published_result_is_a_decision_with_all_that_it_rests_on(contest):
    decide(contest)
    close_round(contest)
    decision = in_force(Round.objects.get())
    content = json.loads(decision.content)
    assert (decision.edition, decision.cause, decision.position, decision.board.votes) == (1, "published", 60, 60)
    assert (content["goes"], content["stays"]) == (["dogwood"], ["alder", "birch", "cedar"])
    assert (content["votes"], content["decided_by"], content["tied"]) == (
        60,
        "score",
        ["alder", "birch", "cedar", "dogwood"],
    )
    assert states()["dogwood"] == "eliminated"
    grounds = Grounds.read(decision.grounds)
    assert (grounds.digest(), grounds.position) == (content["grounds"], 60)
    assert {one.slug for one in grounds.entrants} == {"alder", "birch", "cedar", "dogwood"}


def test_a_decision_is_never_changed(contest):
    decide(contest)
    close_round(contest)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Decision.objects.update(content="{}")


def test_a_reopened_round_has_no_decision_in_force_and_keeps_it_on_record(contest):
    decide(contest)
    close_round(contest)
    end = timezone.now() + timedelta(days=1)
    move(contest, RoundState.OPEN, by=Actor.COMMAND, reason="A worker was down.", ends_at=end)
    assert in_force(Round.objects.get()) is None
    assert set(states().values()) == {"competing"}
    for _ in range(30):
        cast(contest, "dogwood", "cedar", "a")
    close_round(Round.objects.get())
    editions = Decision.objects.order_by("edition")
    assert [json.loads(one.content)["goes"] for one in editions] == [["dogwood"], ["cedar"]]
    assert in_force(Round.objects.get()) == editions[1]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"minimum_votes": 30}, "there are too few votes on alder, dogwood"),
        ({"tie_chain": ["run_off"]}, "are tied at the line, and 3 of them stay: the rulebook asks for a run-off"),
        ({"tie_chain": ["beacon"]}, "the rulebook asks for a public random number"),
        ({"tie_chain": ["head_to_head"], "fewest_voters": 0, "tie_band": "500"}, None),
    ],
)
def test_what_does_not_decide_is_refused_with_words_and_changes_nothing(transactional_db, worker, rules, words):
    contest = make_contest(worker, 4, **rules)
    decide(contest)
    if words is None:
        assert [entry.slug for entry in close_round(contest).eliminated] == ["dogwood"]
        return
    with translation.override("en"), pytest.raises(CannotClose, match=words):
        close_round(contest)
    assert Round.objects.get().state == "open"
    assert set(states().values()) == {"competing"}
    assert not Decision.objects.exists()


def test_groups_that_never_met_are_named(contest):
    for _ in range(3):
        cast(contest, "alder", "birch", "a")
        cast(contest, "cedar", "dogwood", "a")
    with (
        translation.override("en"),
        pytest.raises(CannotClose, match=r"not all entries are joined by votes.*: alder, birch \| cedar, dogwood"),
    ):
        close_round(contest)


def test_if_it_ended_now_is_asked_without_an_effect(contest, organizers):
    decide(contest)
    for _ in range(40):
        cast(contest, "dogwood", "cedar", "a", counted=False)
    fold(contest)
    assert decide_now(contest).goes == {"dogwood"}
    # With those that are set aside it would be another.
    assert decide_now(contest, set_aside=True).goes == {"cedar"}
    fail(contest, "dogwood", organizers)
    assert decide_now(contest).goes == {"cedar"}
    assert decide_now(contest, gate=False).goes == {"dogwood"}
    assert not Decision.objects.exists()


BEACON = "/console/rounds/1/beacon"
DRAND = NETWORKS[Network.QUICKNET]
VALUE = sha256(b"A value that nobody knew.").hexdigest()


@pytest.fixture
def tied(transactional_db, worker):
    """A round whose line only a public random number can draw."""
    contest = make_contest(worker, 4, tie_chain=["beacon"])
    decide(contest)
    fold(contest)
    return contest


def test_which_public_random_number_decides_is_named_while_votes_come_in_and_for_good(tied, organizer):
    ada = organizer()
    day = timedelta(days=1)
    late = DRAND.first_from(tied.ends_at + day)
    for number, words in (
        (DRAND.first_from(timezone.now() - day), "and can be known already"),
        (DRAND.first_from(tied.ends_at - day), "voters could know whom it lets stay"),
        (DRAND.first_from(tied.ends_at + 100 * day), "more than 90 days after the round"),
        (0, "numbers count from 1"),
        (10**18, "numbers count from 1"),
        ("", "either its number is named or the moment"),
    ):
        answer = send(ada, BEACON, number=str(number), at="")
        assert (answer.status_code, words in said(answer)) == (409, True), words
    assert "not both" in said(send(ada, BEACON, number=str(late)))
    assert not NamedBeacon.objects.exists()
    assert 'data-need="no_beacon"' in said(ada.get("/console/"))
    assert f'href="{BEACON}"' in said(ada.get("/console/"))
    page = ada.get(BEACON)
    assert "everybody can see it" in said(send(ada, BEACON, page, number=str(late), at=""))
    assert "was named already, and stays" in said(ada.client.post(BEACON, form(page) | {"number": str(late + 1)}))
    assert 'data-need="no_beacon"' not in said(ada.get("/console/"))
    named = NamedBeacon.objects.get()
    assert (named.beacon_round, DRAND.published_at(late)) == (late, named.published_at)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        NamedBeacon.objects.update(beacon_round=late + 1)
    told = Client().get("/api/v1/rounds/1/decision").json()["beacon"]
    assert (told["source"], told["round"], told["holds"], told["value"]) == ("drand quicknet", late, True, None)
    lines = Client().get("/api/v1/log?kind=beacon").json()["lines"]
    assert [line["told"]["number"] for line in lines] == [late]
    assert f"<strong>{late}</strong>" in said(Client().get("/rounds/1/cut", headers={"Accept-Language": "en"}))
    # With a later end it would be known while votes come in: it no longer holds, and another is named.
    move(tied, RoundState.OPEN, by=Actor.COMMAND, reason="Longer.", ends_at=tied.ends_at + 2 * day)
    assert not Client().get("/api/v1/rounds/1/decision").json()["beacon"]["holds"]
    assert 'data-need="no_beacon"' in said(ada.get("/console/"))
    call_command("beacon", "1", "name", at=(tied.ends_at + 3 * day).isoformat(), by="ada")
    assert NamedBeacon.objects.count() == 2
    move(Round.objects.get(), RoundState.CLOSED, by=Actor.COMMAND, reason="So.")
    Round.objects.update(ends_at=timezone.now() + 9 * day)
    with pytest.raises(CommandError, match="it is too late"):
        call_command("beacon", "1", "name", at=(tied.ends_at + 12 * day).isoformat(), by="ada")


def test_its_value_is_signed_by_two_decides_and_can_be_checked_by_everybody(tied, organizer, tmp_path, capsys):
    ada, bob = organizer("ada"), organizer("bob")
    now, hour = timezone.now(), timedelta(hours=1)
    number = DRAND.first_from(now - hour)
    Round.objects.update(opens_at=now - 9 * hour, ends_at=now - 2 * hour)
    move(tied, RoundState.CLOSED, by=Actor.COMMAND, reason="So.")
    with pytest.raises(CommandError, match="no number was named before its votes were in"):
        call_command("beacon", "1", "enter", value=VALUE, evidence="https://example.org/7", by="ada")
    NamedBeacon.objects.create(
        round=tied,
        number=1,
        network=Network.QUICKNET,
        beacon_round=number,
        published_at=DRAND.published_at(number),
        by=User.objects.get(username="ada"),
        at=now - 3 * hour,
    )
    assert 'data-need="beacon"' in said(ada.get("/console/"))
    shown = {"value": VALUE.upper(), "evidence": DRAND.address(number)}
    for changes, words in (
        ({"value": VALUE[:-1]}, "has 64 hexadecimal digits, and this has 63"),
        ({"value": "x" + VALUE[1:]}, "is written in hexadecimal digits"),
        ({"evidence": ""}, "an address where everybody can read the value"),
    ):
        assert words in said(send(ada, BEACON, **(shown | changes)))
    assert not BeaconValue.objects.exists()
    blank = bob.get(BEACON)
    assert "It waits for another organizer" in said(send(ada, BEACON, **shown))
    assert "a value waits to be confirmed" in said(send(bob, BEACON, blank, **shown))
    page = ada.get(BEACON)
    assert "cannot confirm it, too" in said(send(ada, BEACON, page, do="confirm"))
    assert Client().get("/api/v1/rounds/1/decision").json()["beacon"]["value"] is None
    with translation.override("en"), pytest.raises(CannotClose, match="asks for a public random number first"):
        close_round(tied)
    assert "Confirmed and done." in said(send(bob, BEACON, do="confirm"))
    assert "its value is entered and confirmed, and stays" in said(send(bob, BEACON, blank, **shown))
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        BeaconValue.objects.update(value="0" * 64)
    close_round(tied)
    lowest = min(("alder", "birch", "cedar", "dogwood"), key=lambda slug: sha256(f"{VALUE}{slug}".encode()).hexdigest())
    assert states()[lowest] == "eliminated"
    data = Client().get("/api/v1/rounds/1/decision").json()
    assert (data["decision"]["decided_by"], data["beacon"]["value"]) == ("beacon", VALUE)
    html = said(Client().get("/rounds/1/cut", headers={"Accept-Language": "en"}))
    for words in (VALUE, DRAND.address(number), f"<strong>{number}</strong> of <strong>drand quicknet"):
        assert words in html
    assert Client().get("/api/v1/log?kind=beacon_value").json()["lines"][0]["told"]["value"] == VALUE
    assert f"drand quicknet, number {number} is {VALUE}" in said(
        Client().get("/log", headers={"Accept-Language": "en"})
    )
    call_command("export_board", out=tmp_path, verbosity=0)
    assert json.loads((tmp_path / "grounds.json").read_text())["beacon"]["value"] == VALUE
    capsys.readouterr()
    assert rating_command(["decide", str(tmp_path)]) == 0
    assert f"beacon (drand quicknet, {number}: {VALUE})" in capsys.readouterr().out
