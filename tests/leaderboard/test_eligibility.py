"""The gate beside the score: who fails it is out with the verdict as reason, and the cut is made among the others."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from accounts.models import Action, User
from leaderboard.amending import CannotAmend, amend_round
from leaderboard.cut.beside_gate import BesideGate, beside_gate
from leaderboard.cut.decisions import in_force as in_force_decision
from leaderboard.eligibility import ineligible, unverified
from leaderboard.entering import CannotMove
from leaderboard.models import (
    Actor,
    Axis,
    EligibilityVerdict,
    Exclusion,
    Outcome,
    ParticipationState,
    RoundState,
    VerdictProposal,
)
from leaderboard.participations import change_participation
from leaderboard.rounds import close_round
from leaderboard.rulebook import Rulebook, in_force, read_rulebook
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import move
from leaderboard.verdicts import (
    CannotJudge,
    Finding,
    confirm_verdict,
    give_verdict,
    propose_verdict,
    withdraw_verdict,
)
from rating.decision import Grounds
from tests.conftest import make_contest
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_folding import cast
from tests.leaderboard.test_states import HOUR, go

S = RoundState
FAILED = Finding(
    Outcome.FAILED,
    "Its encoders are another model's, frozen.",
    "인코더가 다른 모델의 것입니다.",
    findings="First.\nSecond.",
)
PASSED = Finding(Outcome.PASSED, "Made from scratch.")


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def organizers(transactional_db):
    return [
        User.objects.create(username=name, email=f"{name}@example.org", is_staff=True) for name in ("ahn", "bae", "cha")
    ]


def part(contest, slug):
    return contest.participations.get(entry__slug=slug)


def fail(contest, slug, organizers, axis=Axis.TECHNICAL, said=FAILED):
    ahn, bae, _cha = organizers
    return confirm_verdict(propose_verdict(part(contest, slug), axis, said, by=ahn), by=bae)


def states(contest):
    return dict(contest.participations.values_list("entry__slug", "state"))


def tallied(contest):
    for to in (S.CLOSED, S.TALLIED):
        go(contest, to)


def published(contest):
    go(contest, S.PROVISIONAL)
    contest.refresh_from_db()


def test_who_fails_is_out_with_the_verdict_as_reason_and_the_cut_is_among_the_others(contest, organizers, client):
    decide(contest)
    verdict = fail(contest, "alder", organizers)
    assert states(contest)["alder"] == "competing"  # a verdict alone takes nobody out
    close_round(contest)
    assert states(contest) == {
        "alder": "disqualified", "birch": "competing", "cedar": "competing", "dogwood": "eliminated",
    }  # fmt: skip
    change = part(contest, "alder").changes.last()
    assert (change.reason, change.reason_ko, change.by) == (FAILED.reason, FAILED.reason_ko, None)
    assert Exclusion.objects.get() == change.exclusion
    assert change.exclusion.verdict == verdict
    shown = {row["slug"]: row["status"] for row in client.get("/api/v1/board?series=round-1").json()["standings"]}
    assert (shown["alder"], shown["dogwood"]) == ("disqualified", "eliminated")


def test_the_last_who_fails_is_out_by_the_gate_and_the_one_before_it_by_the_cut(contest, organizers):
    decide(contest)
    fail(contest, "dogwood", organizers)
    close_round(contest)
    assert states(contest) == {
        "alder": "competing", "birch": "competing", "cedar": "eliminated", "dogwood": "disqualified",
    }  # fmt: skip
    contest.refresh_from_db()
    assert beside_gate(contest) == BesideGate(("dogwood",), ("cedar",), ("dogwood",))
    grounds = Grounds.read(in_force_decision(contest).grounds)
    assert {one.slug: one.why for one in grounds.entrants if not one.competes} == {"dogwood": "ineligible"}


def test_a_verdict_under_conditions_and_one_that_passes_take_nobody_out(contest, organizers):
    decide(contest)
    ahn = organizers[0]
    give_verdict(part(contest, "alder"), Axis.POLICY, Finding(Outcome.CONDITIONAL, "Until its licence is out."), by=ahn)
    give_verdict(part(contest, "alder"), Axis.ETHICAL, PASSED, by=ahn)
    close_round(contest)
    assert states(contest)["alder"] == "competing"


@pytest.mark.parametrize("how", ["reopened", "annulled"])
def test_a_result_that_is_taken_back_takes_the_gate_back_and_the_verdict_stands(contest, organizers, how):
    ahn, bae, _ = organizers
    decide(contest)
    fail(contest, "alder", organizers)
    tallied(contest)
    published(contest)
    if how == "reopened":
        go(contest, S.OPEN, ends_at=contest.ends_at + HOUR)
    else:
        confirm_move(propose_move(contest, S.ANNULLED, by=ahn, reason="Votes were bought."), by=bae)
    assert set(states(contest).values()) == {"competing"}
    assert list(ineligible(contest)) == ["alder"]
    if how == "reopened":
        close_round(contest)
        assert states(contest)["alder"] == "disqualified"


def test_whom_an_organizer_disqualified_is_not_let_in_by_taking_the_result_back(contest, organizers):
    decide(contest)
    change_participation(part(contest, "birch"), ParticipationState.DISQUALIFIED, reason="It was swapped.")
    fail(contest, "birch", organizers)
    tallied(contest)
    published(contest)
    go(contest, S.OPEN, ends_at=contest.ends_at + HOUR)
    assert states(contest)["birch"] == "disqualified"
    assert not Exclusion.objects.exists()


def test_a_gate_that_leaves_no_more_than_the_cut_is_refused_and_nothing_changes(contest, organizers):
    decide(contest)
    for slug in ("alder", "birch", "cedar"):
        fail(contest, slug, organizers)
    tallied(contest)
    with pytest.raises(CannotMove, match="alder, birch, cedar do not pass the gate, and of the 1 who do, a cut of 1"):
        published(contest)
    contest.refresh_from_db()
    assert contest.state == S.TALLIED
    assert set(states(contest).values()) == {"competing"}


def test_what_the_rulebook_wants_looked_at_must_have_its_verdict_before_the_result(
    worker, organizers, transactional_db
):
    contest = make_contest(worker, 3, eligibility=["technical", "policy"])
    decide_three(contest)
    tallied(contest)
    ahn = organizers[0]
    for slug in ("alder", "birch", "cedar"):
        give_verdict(part(contest, slug), Axis.TECHNICAL, PASSED, by=ahn)
    give_verdict(part(contest, "alder"), Axis.POLICY, PASSED, by=ahn)
    assert unverified(contest) == {"birch": [Axis.POLICY], "cedar": [Axis.POLICY]}
    with pytest.raises(CannotMove, match=r"verdicts that are not there yet \(birch: policy; cedar: policy\)"):
        published(contest)
    for slug in ("birch", "cedar"):
        give_verdict(part(contest, slug), Axis.POLICY, PASSED, by=ahn)
    published(contest)
    assert contest.state == S.PROVISIONAL


def decide_three(contest):
    for first, second in (("alder", "birch"), ("birch", "cedar")):
        for n in range(20):
            cast(contest, first, second, "b" if n % 5 == 4 else "a")


def test_an_old_rulebook_wants_nothing_looked_at_and_keeps_its_bytes():
    old = Rulebook().canonical().replace('"eligibility":[],', "")
    assert "eligibility" not in old
    assert read_rulebook(old).eligibility == ()


def test_a_failing_verdict_is_of_two_and_so_is_one_that_overturns_it(contest, organizers):
    ahn, bae, cha = organizers
    alder = part(contest, "alder")
    with pytest.raises(CannotJudge, match="one organizer asks and another confirms"):
        give_verdict(alder, Axis.TECHNICAL, FAILED, by=ahn)
    asked = propose_verdict(alder, Axis.TECHNICAL, FAILED, by=ahn)
    with pytest.raises(CannotJudge, match="another verdict waits"):
        propose_verdict(alder, Axis.TECHNICAL, FAILED, by=bae)
    with pytest.raises(CannotJudge, match="cannot confirm it, too"):
        confirm_verdict(asked, by=ahn)
    assert not ineligible(contest)
    given = confirm_verdict(asked, by=bae)
    assert (given.by, given.confirmed_by, given.findings) == (ahn, bae, "First.\nSecond.")
    with pytest.raises(CannotJudge, match="settled already"):
        withdraw_verdict(asked, by=cha)
    anew = Finding(Outcome.PASSED, "Its encoders are its own.", why_anew="The team has shown its logs.")
    with pytest.raises(CannotJudge, match="one organizer asks and another confirms"):
        give_verdict(alder, Axis.TECHNICAL, anew, by=cha)
    fail(contest, "alder", organizers, said=anew)
    assert not ineligible(contest)
    assert [row.number for row in EligibilityVerdict.objects.filter(part=alder)] == [1, 2]
    assert list(Action.objects.order_by("id").values_list("action", flat=True))[-2:] == [
        "verdict.asked", "verdict.given",
    ]  # fmt: skip


def test_what_was_asked_for_can_be_withdrawn_by_any_organizer(contest, organizers):
    ahn, bae, _ = organizers
    asked = propose_verdict(part(contest, "alder"), Axis.TECHNICAL, FAILED, by=ahn)
    withdraw_verdict(asked, by=bae)
    with pytest.raises(CannotJudge, match="settled already"):
        confirm_verdict(asked, by=bae)
    assert not EligibilityVerdict.objects.exists()
    assert VerdictProposal.objects.get().withdrawn_by == bae


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Finding(Outcome.PASSED, " "), "it needs a reason"),
        (Finding(Outcome.PASSED, "x" * 301), "at most 300 characters"),
        (Finding(Outcome.PASSED, "Fine.\0"), "one line of at most 300"),
        (Finding(Outcome.PASSED, "Fine.", findings="x" * 4001), "at most 4000 characters"),
        (Finding(Outcome.PASSED, "Fine.", findings="Right \u202e to left"), "cannot be shown"),
        (Finding(Outcome.PASSED, "Fine.", findings_ko="\0"), "cannot be shown"),
        (Finding(Outcome.PASSED, "Fine.", reviewer="x" * 121), "at most 120 characters"),
        (Finding(Outcome.PASSED, "Fine.", why_anew="Why not."), "there is no verdict before it"),
    ],
)
def test_a_verdict_that_cannot_be_published_is_refused_with_words(contest, organizers, said, words):
    with pytest.raises(CannotJudge, match=words):
        give_verdict(part(contest, "alder"), Axis.ETHICAL, said, by=organizers[0])
    assert not EligibilityVerdict.objects.exists()
    assert not Action.objects.filter(action="verdict.given").exists()


def test_a_newer_verdict_says_why_the_one_before_it_does_not_stand(contest, organizers):
    alder, ahn = part(contest, "alder"), organizers[0]
    give_verdict(alder, Axis.ETHICAL, PASSED, by=ahn)
    conditional = Finding(Outcome.CONDITIONAL, "Until it says what its data are.")
    with pytest.raises(CannotJudge, match="has to say why that one does not stand"):
        give_verdict(alder, Axis.ETHICAL, conditional, by=ahn)


def test_nobody_is_judged_before_the_round_or_once_its_result_is_out_and_no_reference_ever(contest, organizers):
    ahn = organizers[0]
    stranger = User.objects.create(username="mallory", email="m@example.org")
    with pytest.raises(CannotJudge, match="mallory is no organizer"):
        give_verdict(part(contest, "alder"), Axis.POLICY, PASSED, by=stranger)
    decide(contest)
    close_round(contest)
    with pytest.raises(CannotJudge, match="comes with the ruling on an appeal"):
        give_verdict(part(contest, "alder"), Axis.POLICY, PASSED, by=ahn)


def test_the_database_holds_no_failing_verdict_of_one_and_changes_none(contest, organizers):
    ahn, bae, _ = organizers
    alder = part(contest, "alder")
    told = {"part": alder, "axis": "technical", "number": 1, "outcome": "failed", "reason": "Because.", "by": ahn}
    for second in (None, ahn):
        with pytest.raises(IntegrityError, match="fails_is_of_two"), transaction.atomic():
            EligibilityVerdict.objects.create(**told, confirmed_by=second)
    made = EligibilityVerdict.objects.create(**told, confirmed_by=bae)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        EligibilityVerdict.objects.filter(pk=made.pk).update(outcome="passed")


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time")
def test_two_who_confirm_at_once_give_one_verdict(contest, organizers):
    ahn, bae, cha = organizers
    asked = propose_verdict(part(contest, "alder"), Axis.TECHNICAL, FAILED, by=ahn)
    refused = []

    def confirm(by):
        try:
            confirm_verdict(asked, by=by)
        except CannotJudge as why:
            refused.append(str(why))
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=[by]) for by in (bae, cha)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert EligibilityVerdict.objects.count() == 1
    assert len(refused) == 1


def test_an_open_round_may_not_change_what_it_wants_looked_at(contest):
    with pytest.raises(CannotAmend, match="eligibility may not change"):
        amend_round(contest, {"eligibility": ["policy"]}, reason="An idea.")
    assert in_force(contest).eligibility == ()
    assert move(contest, S.CLOSED, by=Actor.COMMAND, reason="As agreed.")
