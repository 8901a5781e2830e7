"""The pages as they come from the server, before any script has run."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from frontend.rules import rules_in_words
from inference.entries import add_entry
from leaderboard.amending import amend_round
from leaderboard.models import Board, Round, Series, Standing
from leaderboard.official import pin_due_lists
from leaderboard.rounds import open_round
from leaderboard.rulebook import read_rulebook
from tests.conftest import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def built() -> None:
    if not (ROOT / "frontend" / "dist" / "manifest.json").exists():
        skip_or_fail("frontend/dist is not built: npm run build in frontend/")
    if not (ROOT / "frontend" / "locale" / "ko" / "LC_MESSAGES" / "django.mo").exists():
        skip_or_fail("the Korean catalogue is not compiled: pybabel compile -d frontend/locale -D django")


@pytest.fixture
def round_of_four() -> Any:
    teams = {"Alder": "Kettle", "Birch": "Lantern", "Cedar": "Ladder", "Dogwood": "Compass"}
    about = {"base": "Acorn", "licence": "Apache-2.0", "changes": "Watered & pruned."}
    entries = [add_entry(slug=name.lower(), name=name, team=f"Team {team}", **about) for name, team in teams.items()]
    contest = open_round(entries, ends_at=timezone.now() + timedelta(days=30))
    Board.objects.update(created_at=datetime(2026, 11, 1, tzinfo=UTC))
    pin_due_lists(datetime(2026, 11, 2, tzinfo=UTC))
    return contest


def page(path: str, language: str = "en", status: int = 200) -> str:
    answer = Client().get(path, headers={"Accept-Language": language})
    assert answer.status_code == status
    assert answer.headers["Content-Language"] == language
    return answer.content.decode()


PAGES = [
    "/",
    "/board",
    "/board?date=2026-11-02",
    "/board?category=code",
    "/board?category=style",
    "/calls",
    "/about",
    "/code",
    "/embed",
    "/privacy",
    "/entries/alder",
    "/rounds",
    "/rounds/1",
    "/rounds/1/appeals",
    "/rounds/1/cut",
    "/rounds/1/exposure",
    "/rounds/1/figures",
    "/rounds/1/eligibility",
    "/log",
    "/rounds/1/rules",
    "/accounts/login/",
]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_its_frame(round_of_four: Any, path: str, language: str) -> None:
    html = page(path, language)
    assert f'<html lang="{language}">' in html
    assert html.count("<h1") == 1
    assert 'action="/i18n/setlang"' in html
    assert "/static/favicon.svg" in html
    assert ("독자 AI 파운데이션 모델" if language == "ko" else "Not run by") in html


@pytest.mark.parametrize("path", PAGES)
def test_a_page_keeps_the_content_security_policy(round_of_four: Any, path: str) -> None:
    html = page(path)
    assert " style=" not in html
    assert "<style" not in html
    assert re.search(r"\son\w+=", html) is None
    for script in re.findall(r"<script\b[^>]*>", html):
        assert "src=" in script or 'type="application/json"' in script


@pytest.mark.parametrize("path", PAGES)
def test_nothing_korean_is_left_in_english(round_of_four: Any, path: str) -> None:
    for foreign in ("Korea", "counted votes", "Which answer"):
        assert foreign not in page(path, "ko")


def test_a_visitor_gets_the_cookies_for_voting() -> None:
    answer = Client().get("/")
    assert {"visitor", "csrftoken"} <= set(answer.cookies)
    assert answer.cookies["visitor"]["httponly"]
    assert not answer.cookies["csrftoken"]["httponly"]  # the script sends it back


def test_a_site_without_rounds_has_no_dead_ends() -> None:
    assert 'href="/"' in page("/board")
    assert "No board yet" in page("/board")
    assert "data-prompt" in page("/")


def test_the_board_can_be_read_without_a_script(round_of_four: Any) -> None:
    html = page("/board")
    for name in ("Alder", "Birch", "Cedar", "Dogwood"):
        assert f">{name}</a>" in html
    assert html.count("data-row=") == 5  # and the empty one for newcomers
    assert "Too few votes yet" in html
    assert "Open until" in html


@pytest.mark.parametrize("path", ["/", "/board"])
def test_the_time_left_is_said_without_a_script(round_of_four: Any, path: str) -> None:
    said = re.search(
        r'<span role="timer" aria-live="off" data-until="([^"]+)" data-now="([^"]+)"[^>]*>([^<]+)<', page(path)
    )
    assert said is not None
    left = datetime.fromisoformat(said[1]) - datetime.fromisoformat(said[2])
    assert timedelta(days=29) < left < timedelta(days=30)
    assert re.fullmatch(r"29 d 23 h 5\d min left", said[3])
    assert re.search(r">29일 23시간 5\d분 남음<", page(path, "ko"))
    Round.objects.update(opens_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(seconds=1))
    assert ">The time is up.<" in page(path)


def test_a_board_that_will_stand_still_says_from_when(round_of_four: Any) -> None:
    assert re.search("data-freeze [^>]*hidden", page("/board"))
    Round.objects.update(freezes_at=timezone.now() + timedelta(days=3, hours=1))
    shown = page("/board")
    assert not re.search("data-freeze [^>]*hidden", shown)
    assert re.search(r">3 d 0 h 5\d min left<", shown)


def test_a_board_of_other_votes_says_so_and_links_to_no_entry(round_of_four: Any) -> None:
    series = Series.objects.create(slug="elsewhere", title="Elsewhere", note="Not our votes.")
    board = Board.objects.create(series=series, number=1, position=0, votes=12)
    Standing.objects.create(
        board=board, slug="alder", name="Alder <b>", joined=True, rank=1, rating=1000, low=990, high=1010, votes=12
    )
    html = page("/board?series=elsewhere")
    assert "Not our votes." in html
    assert "Alder &lt;b&gt;" in html
    assert "/entries/alder" not in html
    assert "data-line" not in html


def test_an_entry_says_where_it_comes_from(round_of_four: Any) -> None:
    html = page("/entries/alder")
    for word in ("Alder", "Team Kettle", "Acorn", "Apache-2.0", "Watered &amp; pruned."):
        assert word in html


@pytest.mark.parametrize(
    "path", ["/entries/nobody", "/board?series=nobody", "/rounds/2/rules", "/rounds/2/figures", "/nowhere"]
)
def test_what_is_not_there_leads_on(path: str) -> None:
    html = page(path, "ko", status=404)
    assert "이 주소에는 페이지가 없습니다" in html
    assert 'href="/board"' in html


def test_the_rules_of_a_round_are_told_in_words(round_of_four: Any) -> None:
    assert 'href="/rounds/1/rules"' in page("/board")
    html = page("/rounds/1/rules")
    for said in (
        "The last one on the board.",
        "fewer than 30 counted votes",
        "10 count in the round",
        "Temperature 0.7",
    ):
        assert said in html
    assert html.count("<li data-version=") == 1
    assert round_of_four.rulebooks.get().digest in html
    assert "맨 아래 1개 모델이 탈락합니다." in page("/rounds/1/rules", "ko")


def test_each_version_of_the_rules_stays_readable_with_its_reason(round_of_four: Any) -> None:
    changes = {"cut_size": 2, "system_prompt": "Be brief.\nNo <b>bold</b>.", "pace": 0, "reveal": "close"}
    amend_round(round_of_four, changes, reason="Two teams <left>.", reason_ko="두 팀이 나갔습니다.")
    html = page("/rounds/1/rules")
    for said in (
        "The last 2 on the board.",
        "Be brief.<br>No &lt;b&gt;bold",
        "Two teams &lt;left&gt;.",
        "As the answers come.",
        "Shown to the voter when the round is closed.",
    ):
        assert said in html
    assert "no longer in force" not in html
    for one in round_of_four.rulebooks.all():
        assert one.digest in html
        assert f'href="/api/v1/rounds/1/rulebook?version={one.version}"' in html
    assert "두 팀이 나갔습니다." in page("/rounds/1/rules", "ko")
    old = page("/rounds/1/rules?version=1")
    assert "The last one on the board." in old
    assert "This is version 1. It is no longer in force." in old
    page("/rounds/1/rules?version=3", status=404)


def test_rules_that_wait_for_later_have_their_words_already() -> None:
    rules = read_rulebook(
        '{"freeze_hours": 24, "references": ["elm"], "pairing": {"method": "contrast"}, "appeal_days": 0}'
    )
    said = " ".join(rule.words for chapter in rules_in_words(rules) for rule in chapter.rules)
    for words in ("last 24 hours", "elm", "Every pair gets 10 votes first; then 50 % of", "more than 3 times"):
        assert words in said


def test_the_language_is_switched_without_a_script() -> None:
    client = Client()
    client.get("/board")
    answer = client.post("/i18n/setlang", {"language": "en", "next": "/about"})
    assert answer.headers["Location"] == "/about"
    assert '<html lang="en">' in client.get("/about").content.decode()


def test_the_language_switch_leads_nowhere_else() -> None:
    answer = Client().post("/i18n/setlang", {"language": "en", "next": "https://example.com/"})
    assert "example.com" not in answer.headers["Location"]


def test_the_demonstration_says_that_it_is_one(settings: Any) -> None:
    settings.DEMO = "real"
    assert "시연용 사이트입니다" in page("/about", "ko")
