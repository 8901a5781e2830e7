"""A team's console: where its model stands, what would save it, how its votes went; for its members alone."""

import re

import pytest

from accounts.models import Membership, Team, User
from frontend.team_course import marks
from leaderboard.fold import fold
from leaderboard.models import Actor, RoundState
from leaderboard.states import move
from tests.conftest import make_contest
from tests.leaderboard.test_folding import cast, cast_ladder
from tests.leaderboard.test_voids import fail

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/team/team-cedar"
WHY = {"by": Actor.COMMAND, "reason": "As agreed.", "reason_ko": "정한 대로입니다."}


def said(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def field(html, name):
    return re.search(rf'data-field="{name}">([^<]*)<', html)[1]


@pytest.fixture
def laddered(contest):
    cast_ladder(contest)
    fold(contest)
    return contest


def test_a_member_sees_where_the_model_stands_and_what_votes_would_do(laddered, member):
    cedar = member("cedar", "member")
    html = said(cedar.get(PATH))
    assert (field(html, "rank"), field(html, "votes")) == ("3", "72")
    assert (field(html, "chance"), field(html, "odds")) == ("&lt; 1 %", "less than 1 in 100")
    assert re.search(r'data-opponent="dogwood">.*?83\.3 %.*?68–92 %', html)
    answer = cedar.get(PATH, votes="200", percent="0", against="dogwood")
    worse = re.search(r"data-then-chance><strong>(.*?) %", said(answer))[1]
    assert answer.status_code == 200
    assert worse == "&gt; 99"
    # Bad input says why, and keeps what was typed.
    answer = cedar.get(PATH, votes="many", percent="55")
    assert answer.status_code == 400
    assert "That cannot be supposed: the votes are a whole number from 1 to 100,000." in said(answer)
    assert 'name="votes" inputmode="numeric" value="many"' in said(answer)


def test_nobody_else_sees_it(laddered, member, organizer, client):
    assert member("alder").get(PATH).status_code == 403
    assert member("alder").get(f"{PATH}x").status_code == 404
    assert client.get(PATH).status_code == 302
    assert organizer("eve").get(PATH).status_code == 200
    rival = organizer("dan")
    Membership.objects.create(team=Team.objects.get(slug="team-alder"), user=User.objects.get(username="dan"))
    assert rival.get(PATH).status_code == 403


def test_a_team_learns_nothing_of_a_frozen_board_and_can_still_suppose(worker, member, transactional_db):
    contest = make_contest(worker, 4, freeze_hours=24)
    cast_ladder(contest)
    fold(contest)
    move(contest, RoundState.FROZEN, **WHY)
    cedar = member("cedar")
    query = {"votes": "100", "percent": "60"}
    before = without_clock(said(cedar.get(PATH, **query)))
    for _ in range(20):
        cast(contest, "dogwood", "cedar", "a")
    fold(contest)
    assert without_clock(said(cedar.get(PATH, **query))) == before
    assert "data-answer" in before


def without_clock(html):
    html = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)
    return re.sub(r'data-now="[^"]+"|>[^<]* left<', "", html)


def test_many_votes_cost_no_more_queries(laddered, member, django_assert_max_num_queries):
    cedar = member("cedar")
    cedar.get(PATH)
    with django_assert_max_num_queries(60) as few:
        cedar.get(PATH)
        spent = len(few)
    for n in range(60):
        cast(laddered, "cedar", ("alder", "birch", "dogwood")[n % 3], "a")
        if n % 20 == 0:
            fold(laddered)
    fold(laddered)
    cedar.get(PATH)
    with django_assert_max_num_queries(spent):
        assert "data-team" in said(cedar.get(PATH))


def test_a_team_without_a_round_is_told_so(laddered, member):
    Team.objects.create(slug="team-yew", name="Team Yew")
    html = said(member("yew").get("/team/team-yew"))
    assert "Your team is in no round that has opened." in html


def test_own_battles_are_masked_until_the_result_and_come_in_pages(laddered, member):
    cedar = member("cedar")
    page = said(cedar.get(f"{PATH}/battles"))
    numbers = [int(n) for n in re.findall(r'data-battle="(\d+)"', page)]
    assert len(numbers) == 50
    assert numbers == sorted(numbers, reverse=True)
    assert "Dogwood" not in page
    further = re.search(r'href="\?before=(\d+)"', page)[1]
    rest = said(cedar.get(f"{PATH}/battles", before=further))
    older = [int(n) for n in re.findall(r'data-battle="(\d+)"', rest)]
    assert len(older) == 22
    assert max(older) < min(numbers)
    assert {page.count('data-result="won"') + rest.count('data-result="won"')} == {36}
    for nonsense in ("x", "-1", "1" * 30):
        assert cedar.get(f"{PATH}/battles", before=nonsense).status_code == 404
    assert member("alder").get(f"{PATH}/battles").status_code == 403
    for state in (RoundState.CLOSED, RoundState.TALLIED, RoundState.PROVISIONAL):
        move(laddered, state, **WHY)
        laddered.refresh_from_db()
    assert "Dogwood" in said(cedar.get(f"{PATH}/battles"))


def test_how_the_model_answers_is_told_and_not_whom_it_failed(contest, member):
    fail(contest, "cedar", "dogwood", 3, kind="spent")
    fail(contest, "birch", "cedar", 2)
    fold(contest, anyway=True)  # two boards make a chart
    cedar = member("cedar")
    page = said(cedar.get(PATH))
    assert "data-own-faults>3<" in page
    assert "spent all its tokens on thoughts: 3" in page
    assert "against Dogwood" not in page
    assert re.search(r'data-event="transition">.*?Open', page)


def test_events_at_one_place_of_the_chart_share_a_mark():
    happened = [{"number": n, "x": x} for n, x in enumerate((0, 0, 1, 40, 98), 1)]
    assert [(mark["first"], mark["last"]) for mark in marks(happened)] == [(1, 3), (4, 4), (5, 5)]
