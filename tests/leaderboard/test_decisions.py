"""Who is out is decided once, with everything it rests on; taken back, it stays on record."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone, translation

from leaderboard.cut.decisions import decide_now, in_force
from leaderboard.fold import fold
from leaderboard.models import Actor, Decision, Participation, Round, RoundState
from leaderboard.rounds import CannotClose, close_round
from leaderboard.states import move
from rating.decision import Grounds
from tests.conftest import make_contest
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
