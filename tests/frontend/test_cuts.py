"""The page of a cut: who would be out while votes count, and who is out and why when it is decided."""

import pytest
from django.test import Client

from frontend.cuts import rounded
from leaderboard.fold import fold
from leaderboard.models import Actor, Decision, Participation, Round, RoundState
from leaderboard.rounds import close_round
from leaderboard.states import move
from leaderboard.tasks import preview_decisions
from tests.conftest import make_contest
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_folding import cast

PAGE, DATA = "/rounds/1/cut", "/api/v1/rounds/1/decision"


def page(language="en", path=PAGE):
    answer = Client().get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def data():
    return Client().get(DATA).json()


def test_before_the_end_it_says_what_would_be_and_that_this_is_no_result(contest):
    assert "It is being worked out" in page()
    decide(contest)
    fold(contest)
    preview_decisions()
    assert "Out would be: Dogwood." in page()
    assert "as of its first 60 votes. This is no result." in page()
    assert "탈락할 모델: Dogwood." in page("ko")
    told = data()
    assert (told["decision"], told["preview"]["position"], told["preview"]["decision"]["goes"]) == (
        None,
        60,
        ["dogwood"],
    )


def test_it_tells_the_cut_with_the_votes_set_aside_and_without_the_gate(contest):
    decide(contest)
    for _ in range(40):
        cast(contest, "dogwood", "cedar", "a", counted=False)
    Participation.objects.filter(entry__slug="alder").update(state="disqualified")
    fold(contest)
    preview_decisions()
    html = page()
    assert "If the 40 votes that are set aside counted, too: Out would be: Cedar." in html
    assert "If those competed who are disqualified: Out would be: Dogwood." in html


def test_while_the_board_stands_still_the_public_is_told_of_that_board_alone(transactional_db, worker):
    contest = make_contest(worker, 4, freeze_hours=24)
    decide(contest)
    fold(contest)
    move(contest, RoundState.FROZEN, by=Actor.COMMAND, reason="The last day.")
    for _ in range(60):
        cast(contest, "dogwood", "cedar", "a")
    fold(Round.objects.get())
    preview_decisions()
    assert data()["preview"]["position"] == 60
    assert "Out would be: Dogwood." in page()


def test_a_decision_is_told_step_by_step(transactional_db, worker):
    contest = make_contest(worker, 4, tie_chain=["head_to_head", "score"])
    decide(contest)
    close_round(contest)
    html = page()
    assert "Out: Dogwood." in html
    assert "The tie, and how it was broken" in html
    assert "Dogwood: 4 won, 16 lost" in html
    assert "this step decided" in html
    assert data()["decision"]["goes"] == ["dogwood"]
    assert data()["preview"] is None
    assert "이들끼리의 투표" in page("ko")


def test_a_result_of_before_decisions_still_reads(contest):
    decide(contest)
    close_round(contest)
    Decision.objects.all().delete()
    assert "older than the record of decisions" in page()
    assert data()["decision"] is None


@pytest.mark.parametrize("path", ["/rounds/9/cut", "/api/v1/rounds/9/decision"])
def test_of_a_round_that_is_not_there_nothing_is_told(contest, path):
    assert Client().get(path).status_code == 404


def test_figures_are_rounded_and_not_cut_off():
    assert (rounded(22.79), rounded(967.96, 0), rounded(1042.04)) == ("22.8", "968", "1,042.0")
