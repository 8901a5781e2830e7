"""A round from its last vote to its record, in a real browser, as each of its people sees it.

Its line is a tie, a run-off breaks it, a team appeals, two organizers rule, and the model is back.
"""

import base64
import hashlib
import hmac
import struct
import time

import pytest
from playwright.sync_api import Page, expect

from tests.person import PASSWORD
from tests.processes import RunningSite, running_site

pytestmark = pytest.mark.browser

TEAM = "from inference.models import Entry; print(Entry.objects.get(slug='guelder').team.slug)"


@pytest.fixture(scope="module")
def tied_site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("tied-site"), models="echo") as site:
        meanwhile(site, "prepare")
        yield site


def meanwhile(site: RunningSite, what: str) -> None:
    site.manage("shell", "--verbosity", "0", "-c", f"from tests.browser.tied import {what}; {what}()")


def code(secret: str, step: int = 0) -> str:
    """What the app on a phone shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def sign_in(page: Page, name: str) -> None:
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def organizer(open_page, site: RunningSite, name: str) -> Page:
    """Signed in, with a second factor set up and shown."""
    page = open_page(f"{site.url}/console/", width=1280)
    sign_in(page, name)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("[data-secret]").inner_text()
    page.locator("[name=code]").fill(code(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(f"{site.url}/console/")
    page.locator("[name=code]").fill(code(secret, 1))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="What needs you")).to_be_visible()
    return page


def take(page: Page, step: str, *, reason: str = "As agreed.", reason_ko: str = "정한 대로입니다.") -> None:
    """A step of the round whose page of the console this is, by its form."""
    page.locator(f"[data-step={step}]").click()
    page.get_by_label("Why, in English").fill(reason)
    page.get_by_label("Why, in Korean").fill(reason_ko)
    page.locator("[data-do]").click()


def wait_for(page: Page, state: str) -> None:
    """The schedule has brought the round so far; an organizer looks again until it has."""
    for _ in range(20):
        if page.locator(f"[data-state={state}]").count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(page.locator("dl").first.inner_text())


def narrow(page: Page) -> bool:
    page.set_viewport_size({"width": 360, "height": 780})
    fits = page.locator("html").evaluate("html => html.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 844})
    return bool(fits)


def test_a_tie_is_broken_by_a_run_off_a_ruling_restores_who_lost_it_and_the_record_tells_it(
    open_page, tied_site: RunningSite, tmp_path
):
    site = tied_site
    ada, bob = organizer(open_page, site, "ada"), organizer(open_page, site, "bob")
    cut_by_run_off(open_page, site, ada)
    board = open_page(f"{site.url}/board?series=round-2", width=1280)
    expect(board.locator("[data-row=guelder]")).to_have_attribute("data-status", "eliminated")
    owner = appeal(open_page, site, tmp_path)
    rule(site, ada, bob)
    # Whoever looks at the board sees it without a reload.
    expect(board.locator("[data-row=guelder]")).not_to_have_attribute("data-status", "eliminated")
    owner.reload()
    expect(owner.locator("[data-waits]")).to_have_text("Granted")
    finish(site, ada, bob)
    read_record(open_page, site)


def cut_by_run_off(open_page, site: RunningSite, ada: Page) -> None:
    """Closed, counted, tied, and played out, by the forms of the console."""
    ada.goto(f"{site.url}/console/rounds/2")
    take(ada, "closed")
    wait_for(ada, "tallied")
    take(ada, "run_off")
    board = open_page(f"{site.url}/board?series=round-2")
    expect(board.get_by_text("A run-off among Guelder, Wychelm decides.")).to_be_visible()

    ada.goto(f"{site.url}/console/rounds/2-run-off")
    wait_for(ada, "open")
    meanwhile(site, "vote_in_run_off")
    take(ada, "closed")
    wait_for(ada, "tallied")
    ada.goto(f"{site.url}/console/rounds/2")
    take(ada, "provisional")
    public = open_page(f"{site.url}/rounds/2/cut")
    expect(public.locator("[data-verdict=decided]")).to_have_text("Out: Guelder.")
    expect(public.locator("[data-step=run_off]")).to_contain_text("this step decided")
    ada.goto(f"{site.url}/console/rounds/2")
    take(ada, "appeal")


def appeal(open_page, site: RunningSite, tmp_path) -> Page:
    """The team that is out says what was wrong, with a file."""
    team = site.manage("shell", "--verbosity", "0", "-c", TEAM).split()[-1]
    owner = open_page(f"{site.url}/team/{team}/appeals", width=1280)
    sign_in(owner, "olive")
    expect(owner.locator("[data-left]")).to_contain_text("9 d 23 h")
    assert narrow(owner)
    (tmp_path / "count.csv").write_text("hour,votes\n23,0\n")
    owner.get_by_label("What happened").fill("The votes of the last hour are missing.")
    owner.get_by_label("What you ask for").fill("Let us stay.")
    owner.get_by_label("Addresses of evidence, one a line").fill("https://example.org/hour")
    owner.get_by_label("Files").set_input_files(tmp_path / "count.csv")
    owner.locator("[data-do]").dblclick()
    expect(owner.locator("[data-appeal]")).to_have_count(1)
    expect(owner.locator("[data-waits]")).to_have_attribute("data-waits", "yes")
    with owner.expect_download() as downloading:
        owner.get_by_role("link", name="count.csv").click()
    assert downloading.value.path().read_text() == "hour,votes\n23,0\n"
    public = open_page(f"{site.url}/rounds/2/appeals")
    expect(public.locator("[data-filed]")).to_have_text("1 made: 0 ruled on, 1 waiting, 0 withdrawn.")
    expect(public.get_by_text("The votes of the last hour")).to_have_count(0)
    return owner


def rule(site: RunningSite, ada: Page, bob: Page) -> None:
    """One organizer proposes a ruling, the other one sees what it changes and confirms it."""
    ada.goto(f"{site.url}/console/")
    ada.locator("[data-need=appeal] a").click()
    ada.get_by_role("link", name="1 appeal").click()
    ada.get_by_role("link", name="Appeal 1").click()
    assert narrow(ada)
    ada.get_by_label("Outcome").select_option("granted")
    ada.get_by_label("What follows").select_option("reinstate")
    ada.get_by_label("Why, in English").fill("The count missed an hour.")
    ada.get_by_label("Why, in Korean").fill("집계에서 한 시간이 빠졌습니다.")
    ada.locator("[data-do]").click()
    expect(ada.get_by_text("Another organizer has to confirm it; you cannot.")).to_be_visible()

    bob.goto(f"{site.url}/console/rounds/2/appeals/1")
    bob.get_by_role("link", name="Look at it and confirm").click()
    expect(bob.locator("[data-changes]")).to_contain_text("eliminated → takes part")
    assert narrow(bob)
    bob.locator("[data-do]").click()
    expect(bob.get_by_text("Confirmed and done.")).to_be_visible()


def finish(site: RunningSite, ada: Page, bob: Page) -> None:
    """When the days of appeals are over, both sign that the result is final."""
    meanwhile(site, "pass_days_of_appeals")
    ada.goto(f"{site.url}/console/rounds/2")
    take(ada, "final")
    expect(ada.locator("[data-proposal]")).to_contain_text("you cannot")
    bob.goto(f"{site.url}/console/rounds/2")
    bob.get_by_role("link", name="Look at it and confirm").click()
    bob.locator("[data-do]").click()
    expect(bob.locator("[data-state]")).to_have_attribute("data-state", "final")


def read_record(open_page, site: RunningSite) -> None:
    """What a stranger finds on the permanent page, in both languages, on a phone."""
    told = {
        "en-US": ("Two organizers have signed the result.", "Not clearly apart at the line: Guelder, Wychelm",
                  "Run-off · this step decided · Run-off of round 2", "Out: Guelder.", "a ruling on an appeal",
                  "The count missed an hour."),
        "ko-KR": ("운영자 두 명이 결과를 확정했습니다.", "탈락선에서 뚜렷이 갈리지 않은 모델: Guelder, Wychelm",
                  "연장전 · 이 단계에서 갈렸습니다 · 2라운드 연장전", "탈락: Guelder.", "이의 신청에 대한 결정",
                  "집계에서 한 시간이 빠졌습니다."),
    }  # fmt: skip
    for language, words in told.items():
        page = open_page(f"{site.url}/rounds/2/record", language=language)
        article = page.locator("article")
        for said in words:
            expect(article).to_contain_text(said)
        expect(page.locator("[data-edition]")).to_have_count(2)
        expect(page.locator("[data-gone]")).to_have_count(0)
        assert page.locator("html").evaluate("html => html.scrollWidth") <= 390
    page.get_by_role("link", name="2라운드 연장전").last.click()
    expect(page.get_by_role("heading", name="2라운드 연장전: 기록")).to_be_visible()
    public = open_page(f"{site.url}/rounds/2/appeals")
    expect(public.locator("[data-ruling=granted]")).to_contain_text("competes again, and nobody goes out in its place.")
    assert public.locator("html").evaluate("html => html.scrollWidth") <= 390
