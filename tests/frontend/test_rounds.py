"""The page of a round: what happens when, who moved it and why."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from leaderboard.drafts import draft_round
from leaderboard.models import Actor, Round, RoundState
from leaderboard.rounds import close_round
from leaderboard.schedule import keep_schedule
from leaderboard.signing import confirm_move, propose_move
from leaderboard.states import begin, move
from tests.conftest import BY_SCORE, make_entries
from tests.leaderboard.test_closing import decide

S = RoundState


@pytest.fixture
def draft(transactional_db, worker):
    now = timezone.now()
    rules = {"freeze_hours": 24, "appeal_days": 0, "minimum_votes": 20, "tie_chain": BY_SCORE}
    contest = draft_round(
        make_entries(worker, 4), opens_at=now + timedelta(hours=1), ends_at=now + timedelta(days=5), **rules
    )
    begin(contest, by=Actor.COMMAND, reason="The second stage.", reason_ko="두 번째 단계입니다.")
    return contest


def page(path="/rounds/1", language="en"):
    return Client().get(path, headers={"Accept-Language": language})


def written(moment):
    return timezone.localtime(moment).isoformat()[:19]


def places(html):
    return dict(re.findall(r'data-stage="(\w+)" data-place="(\w+)"', html))


def test_a_round_is_public_from_its_announcement_with_its_dates_and_rules(draft):
    for path in ("/rounds/1", "/rounds/1/rules", "/api/v1/rounds/1", "/api/v1/rounds/1/rulebook", "/rounds/2"):
        assert page(path).status_code == 404, path
    move(draft, S.SCHEDULED, by=Actor.COMMAND, reason="All teams are in.")
    html = page().content.decode()
    assert places(html) == dict.fromkeys(
        ("open", "frozen", "closed", "tallied", "provisional", "appeal", "final"), "ahead"
    ) | {"scheduled": "now"}
    for moment in (draft.opens_at, draft.freezes_at, draft.ends_at):
        assert written(moment) in html
    assert "All teams are in." in html
    rules = page("/rounds/1/rules").content.decode()
    assert "data-announced" in rules
    assert "last 24 hours" in rules
    served = page("/api/v1/rounds/1/rulebook")
    assert served.headers["ETag"].strip('"') in rules
    move(draft, S.OPEN, by=Actor.COMMAND, reason="Everybody is ready.")
    assert page("/api/v1/rounds/1/rulebook").content == served.content
    assert "data-announced" not in page("/rounds/1/rules").content.decode()


def test_each_step_says_who_and_why_and_names_nobody(draft):
    ahn, bae = (User.objects.create(username=name, email=f"{name}@x.org", is_staff=True) for name in ("ahn", "bae"))
    move(draft, S.SCHEDULED, by=ahn, reason="All teams are in.")
    move(draft, S.OPEN, by=ahn, reason="Everybody is ready.")
    decide(draft)
    move(draft, S.FROZEN, by=ahn, reason="The last day.")
    close_round(draft, by=ahn, reason="It is over.", reason_ko="끝났습니다.")
    move(draft, S.APPEAL, by=ahn, reason="Appeals are open.")
    confirm_move(propose_move(draft, S.FINAL, by=ahn, reason="No appeal came."), by=bae)
    html = page().content.decode()
    assert places(html)["final"] == "now"
    assert set(places(html).values()) == {"past", "now"}
    assert "Two organizers" in html
    assert not {"ahn", "bae"} & set(re.findall(r"\w+", html))
    korean = page(language="ko").content.decode()
    assert "끝났습니다." in korean
    assert "두 번째 단계입니다." in korean
    told = page("/api/v1/rounds/1").json()
    assert [step["to"] for step in told["steps"]] == [
        "draft", "scheduled", "open", "frozen", "closed", "tallied", "provisional", "appeal", "final",
    ]  # fmt: skip
    assert told["steps"][-1]["signed_by_two"]
    assert (told["steps"][0]["from"], told["steps"][1]["from"]) == (None, "draft")


def test_a_step_that_came_late_says_when_it_was_due(draft):
    move(draft, S.SCHEDULED, by=Actor.COMMAND, reason="All teams are in.")
    Round.objects.update(
        opens_at=timezone.now() - timedelta(days=2),
        freezes_at=timezone.now() - timedelta(hours=12),
        ends_at=timezone.now() + timedelta(hours=12),
    )
    keep_schedule()
    html = page().content.decode()
    assert html.count("the site was away then") == 2
    assert "By the announced dates." in html


def test_what_a_reopened_round_has_before_it_again_is_ahead_again(draft):
    for to in (S.SCHEDULED, S.OPEN):
        move(draft, to, by=Actor.COMMAND, reason="On.")
    decide(draft)
    close_round(draft)
    end = timezone.now() + timedelta(days=4)
    move(draft, S.OPEN, by=Actor.COMMAND, reason="A worker was down.", ends_at=end)
    html = page().content.decode()
    assert places(html) == {
        "scheduled": "past", "open": "now", "frozen": "ahead", "closed": "ahead", "tallied": "ahead",
        "provisional": "ahead", "appeal": "ahead", "final": "ahead",
    }  # fmt: skip
    assert written(end) in html
    assert "New end:" in html


def test_the_list_of_rounds_says_who_is_out_and_where_more_stands(draft):
    assert "No round was announced yet." in page("/rounds").content.decode()
    for to in (S.SCHEDULED, S.OPEN):
        move(draft, to, by=Actor.COMMAND, reason="As agreed.")
    listed = page("/rounds").content.decode()
    assert "data-gone" not in listed
    assert "Who competes:" in listed
    decide(draft)
    close_round(draft)
    listed = page("/rounds").content.decode()
    assert re.findall(r'data-round="([^"]+)"', listed) == ["1"]
    assert re.findall(r'data-gone="([^"]+)"', listed) == ["dogwood"]
    assert re.findall(r"Who stays:.*", listed)[0].count("/entries/") == 3
    assert written(Round.objects.get().opens_at) in listed
    for path in ("/rounds/1", "/rounds/1/rules", "/rounds/1/record", "/rounds/1/cut", "/board?series=round-1"):
        assert f'href="{path}"' in listed
        assert 'href="/rounds"' in page(path).content.decode()
    assert "탈락" in page("/rounds", "ko").content.decode()
