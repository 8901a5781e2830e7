"""Deleting one's conversations, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_arena import answer, ask, verdict
from tests.processes import RunningSite

pytestmark = pytest.mark.browser

SECRET = "a secret of mine"


def delete_all(page: Page, url: str) -> None:
    page.goto(f"{url}/privacy#delete")
    page.locator("[data-erase]").click()


def gone(page: Page) -> None:
    expect(page.locator("[data-question]")).to_have_text("The text has been deleted.")
    assert SECRET not in page.locator("main").inner_text()
    expect(page.locator("[data-report]").first).to_be_hidden()


def test_deleting_forgets_the_words_and_what_the_browser_remembers(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, SECRET)
    expect(verdict(page, "a")).to_be_enabled()
    delete_all(page, echo_site.url)
    expect(page.locator("[data-erased]")).to_have_text("1 conversation has been deleted.")
    expect(page.locator("[data-held]")).to_have_text("No conversation of this device is stored.")
    assert page.evaluate("localStorage.length") == 0
    page.locator("[data-erase]").click()
    expect(page.locator("[data-erased]")).to_have_text("There was nothing to delete.")
    page.goto(echo_site.url)
    expect(page.locator("[data-notice]")).to_be_visible()


def test_going_back_to_a_battle_without_a_vote_shows_no_word_of_it(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, SECRET)
    expect(verdict(page, "a")).to_be_enabled()
    battle = page.url
    delete_all(page, echo_site.url)
    expect(page.locator("[data-erased]")).not_to_be_empty()
    page.goto(battle)
    gone(page)
    expect(page.locator("[data-dock]")).to_contain_text("does not count")
    expect(page.locator("[data-again]")).to_be_hidden()
    page.locator("[data-next]").click()
    ask(page, "something new")
    expect(answer(page, "a")).to_have_text("something new")


def test_going_back_to_a_voted_battle_shows_the_verdict_without_a_word(open_page, echo_site: RunningSite):
    page = open_page(echo_site.url)
    ask(page, SECRET)
    verdict(page, "b").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    battle = page.url
    delete_all(page, echo_site.url)
    expect(page.locator("[data-erased]")).not_to_be_empty()
    page.go_back()
    expect(page).to_have_url(battle)
    gone(page)
    expect(page.locator("[data-pick]").last).to_be_visible()
    expect(page.locator("[data-allowance]")).to_contain_text("1 of 10")


def test_other_tabs_forget_too_even_in_the_middle_of_an_answer(open_page, echo_site: RunningSite):
    streaming = open_page(echo_site.url)
    ask(streaming, f"{SECRET} !endless !delay=0.05")
    expect(answer(streaming, "b")).to_contain_text("secret")
    voted = streaming.context.new_page()
    voted.goto(echo_site.url)
    ask(voted, SECRET)
    verdict(voted, "a").click()
    expect(voted.locator("[data-reveal]")).to_be_visible()
    delete_all(streaming.context.new_page(), echo_site.url)
    for page in (streaming, voted):
        gone(page)
