"""What a visitor does in the arena, in a real browser, against the stand-in."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.processes import RunningSite

pytestmark = pytest.mark.browser


def ask(page: Page, prompt: str) -> None:
    page.locator("[data-prompt]").fill(prompt)
    if page.locator("[data-agree]").is_visible():
        page.locator("[data-agree]").check()
    page.locator("[data-send]").click()


def answer(page: Page, side: str):
    return page.locator(f"[data-turn] [data-answer={side}] [data-text]").last


def verdict(page: Page, winner: str):
    return page.locator(f"[data-verdict={winner}]")


def test_a_first_visit_from_prompt_to_names(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, "the quick brown fox")
    expect(answer(page, "a")).to_have_text("the quick brown fox")
    expect(answer(page, "b")).to_have_text("the quick brown fox")
    expect(page.get_by_text("AI-generated").first).to_be_visible()
    verdict(page, "a").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(page.locator("[data-turn] [data-name]")).to_have_count(2)
    assert page.locator("[data-turn] [data-name]").first.get_attribute("href").startswith("/entries/")
    expect(page.locator("[data-allowance]")).to_contain_text("1 of 10")
    page.locator("[data-next]").click()
    expect(page.locator("[data-prompt]")).to_be_focused()


def test_what_was_masked_is_not_on_the_page_either(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, "my number is 010-1234-5678 !delay=0.2")
    expect(page.locator("[data-question]")).to_have_text("my number is [phone] !delay=0.2")
    expect(verdict(page, "a")).to_be_disabled()
    page.reload()
    expect(page.locator("[data-question]")).to_have_text("my number is [phone] !delay=0.2")


def test_nothing_is_asked_before_the_notice_is_agreed_to(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    page.locator("[data-prompt]").fill("hello")
    page.locator("[data-send]").click()
    expect(page.locator("[data-problem]")).not_to_be_empty()
    expect(page.locator("[data-turn]")).to_have_count(0)
    expect(page.locator("[data-prompt]")).to_have_value("hello")


def test_a_vote_moves_the_board_in_a_second_window_without_a_reload(open_page, echo_site: RunningSite):
    board = open_page(f"{echo_site.url}/board", width=1440)
    expect(board.locator("[data-edition]")).to_be_visible()
    before = int(re.search(r"\d+", board.locator("[data-edition]").inner_text()).group())
    page = open_page(echo_site.url)
    ask(page, "hello")
    expect(verdict(page, "tie")).to_be_enabled()
    verdict(page, "tie").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(board.locator("[data-edition]")).not_to_have_text(re.compile(rf"\b{before}\b"))


def test_a_reload_mid_stream_loses_and_doubles_nothing(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, "!words=40 !delay=0.05")
    expect(answer(page, "a")).to_contain_text("word3")
    page.reload()
    whole = " ".join(f"word{n}" for n in range(40))
    expect(answer(page, "a")).to_have_text(whole)
    expect(answer(page, "b")).to_have_text(whole)
    expect(verdict(page, "b")).to_be_enabled()


def test_stop_is_heard_and_what_was_shown_can_be_judged(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, "!endless !delay=0.05")
    expect(answer(page, "b")).to_contain_text("!endless")
    page.locator("[data-stop]").click()
    expect(verdict(page, "a")).to_be_enabled()


def test_a_void_battle_is_explained_and_its_prompt_offered_again(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, "!empty please")
    expect(page.locator("[data-again]")).to_be_visible()
    expect(page.locator("[data-dock]")).to_contain_text("does not count")
    expect(verdict(page, "a")).to_be_disabled()
    page.locator("[data-again]").click()
    expect(page.locator("[data-question]").last).to_have_text("!empty please")


def test_a_follow_up_is_a_second_turn(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, "first")
    expect(verdict(page, "a")).to_be_enabled()
    ask(page, "second")
    expect(page.locator("[data-turn]")).to_have_count(2)
    expect(answer(page, "a")).to_have_text("second")


def test_hostile_markdown_is_shown_as_harmless_text(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    page.on("request", lambda request: outside.append(request.url) if echo_site.url not in request.url else None)
    outside: list[str] = []
    ask(page, "<img/src=http://127.0.0.2/x><script>alert(1)</script> ![x](http://127.0.0.2/y) **bold**")
    expect(verdict(page, "a")).to_be_enabled()
    expect(answer(page, "a").locator("strong")).to_have_text("bold")
    expect(answer(page, "a")).to_contain_text("<script>alert(1)</script>")
    assert page.locator("[data-turn] img, [data-turn] script, [data-turn] iframe").count() == 0
    assert outside == []


def test_enter_sends_but_not_while_composing_korean(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url, language="ko-KR")
    page.locator("[data-prompt]").fill("안녕하세요")
    page.locator("[data-agree]").check()
    page.locator("[data-prompt]").dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(page.locator("[data-turn]")).to_have_count(0)
    page.locator("[data-prompt]").press("Enter")
    expect(answer(page, "a")).to_have_text("안녕하세요")
    expect(page.get_by_text("AI 생성").first).to_be_visible()


def test_the_page_speaks_korean_and_english_by_a_switch(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url, language="ko-KR")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(f"{echo_site.url}/board")
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("path", ["/", "/board", "/about", "/privacy", "/entries/hornbeam"])
@pytest.mark.parametrize("language", ["ko-KR", "en-US"])
def test_no_page_scrolls_sideways_on_a_phone(open_page, echo_site: RunningSite, path, language):
    page = open_page(echo_site.url + path, language=language, width=360)
    assert page.locator("html").evaluate("html => html.scrollWidth") <= 360


def test_the_board_is_readable_without_javascript(open_page, echo_site: RunningSite):
    page = open_page(f"{echo_site.url}/board", java_script_enabled=False)
    expect(page.locator("[data-row]")).to_have_count(4)
    expect(page.get_by_role("row", name="Hornbeam")).to_be_visible()


@pytest.fixture
def one_place(echo_site: RunningSite):
    """Two models can be drawn, and each answers one question at a time."""
    echo_site.manage(
        "shell",
        "-c",
        "from inference.draining import drain; from inference.models import DrainCause, Worker;"
        "Worker.objects.update(slots=1); drain(Worker.objects.order_by('entry__slug')[2:], DrainCause.TEAM)",
    )
    yield
    echo_site.manage(
        "shell",
        "-c",
        "from inference.models import Drain, Worker; Worker.objects.update(slots=100); Drain.objects.all().delete()",
    )


def test_who_waits_sees_the_place_keeps_it_through_a_reload_and_may_leave(open_page, echo_site: RunningSite, one_place):
    speaker, page = open_page(echo_site.url), open_page(echo_site.url, language="ko-KR")
    ask(speaker, "!words=2000 !delay=0.05")
    expect(answer(speaker, "a")).to_contain_text("word1")
    ask(page, "the quick brown fox")
    expect(page.locator("[data-line-place]")).to_have_text("다음 차례")
    expect(page.locator("[data-line-wait]")).to_have_text(re.compile(r"약 \d+(초|분)"))
    expect(page.locator("[data-status]")).to_contain_text("다음 차례")
    page.reload()
    expect(page.locator("[data-question]")).to_have_text("the quick brown fox")
    expect(page.locator("[data-line-place]")).to_have_text("다음 차례")
    page.locator("[data-leave]").click()
    expect(page.locator("[data-prompt]")).to_have_value("the quick brown fox")
    expect(page.locator("[data-problem]")).to_contain_text("대기열에서 나왔습니다")
    page.locator("[data-send]").click()
    expect(page.locator("[data-line]")).to_be_visible()
    speaker.locator("[data-stop]").click()
    expect(answer(page, "a")).to_have_text("the quick brown fox")
    expect(page.locator("[data-line]")).to_be_hidden()
