"""An organizer at work, in a real browser, while the public looks on in another."""

import base64
import hashlib
import hmac
import struct
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.person import PASSWORD
from tests.processes import RunningSite, running_site
from tests.visitor import Visitor

pytestmark = pytest.mark.browser

SEOUL = timezone(timedelta(hours=9))


@pytest.fixture(scope="module")
def own_site(tmp_path_factory):
    """A demonstration whose round this module may close."""
    with running_site(tmp_path_factory.mktemp("console-site"), models="echo") as site:
        yield site


def code(secret: str, step: int = 0) -> str:
    """What the app on a phone shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def sign_in(page: Page, site: RunningSite) -> None:
    """Password, set-up of the second factor, and the factor once: the console opens only after all three."""
    page.locator("[name=login]").fill("ada")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("img.qr")).to_be_visible()
    secret = page.locator("[data-secret]").inner_text()
    page.locator("[name=code]").fill(code(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(f"{site.url}/console/")
    page.locator("[name=code]").fill(code(secret, 1))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="What needs you")).to_be_visible()


def step(page: Page, to: str) -> None:
    """A step of the round whose page is open, with a reason."""
    page.locator(f"[data-step={to}]").click()
    page.get_by_label("Why, in English").fill("As agreed.")
    page.locator("[data-do]").click()
    expect(page.locator("[data-state]")).to_have_attribute("data-state", to)


def draft_a_round(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.url}/console/rounds/new")
    now = datetime.now(SEOUL)
    page.get_by_label("Opens").fill((now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Ends").fill((now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    for slug in ("hornbeam", "wychelm"):
        page.locator(f"#part-{slug}").select_option("competes")
    page.get_by_label("Minimum of votes").fill("1")
    page.locator("#tie-1").select_option("score")  # four votes clear no line
    page.get_by_label("Why, in English").fill("The second round.")
    page.locator("[data-do]").click()
    expect(page.locator("[data-state]")).to_have_attribute("data-state", "draft")


def test_an_organizer_takes_a_round_from_draft_to_its_result_before_the_publics_eyes(open_page, own_site: RunningSite):
    password = Path(own_site.environment["DATA_DIR"]) / "password"
    password.write_text(PASSWORD)
    own_site.manage("create_organizer", "ada", "--email", "ada@example.org", "--password-file", str(password))
    page = open_page(f"{own_site.url}/console/", width=1280)
    sign_in(page, own_site)

    page.goto(f"{own_site.url}/console/rounds/1")
    step(page, "closed")
    draft_a_round(page, own_site)
    for to in ("scheduled", "open"):
        step(page, to)

    board = open_page(f"{own_site.url}/board?series=round-2")
    hornbeam = board.locator("[data-row=hornbeam]")
    expect(hornbeam).to_have_attribute("data-status", "provisional")
    board.evaluate("window.sameVisit = true")
    with closing(Visitor(own_site.url)) as visitor:
        # Nobody wins every time: of whom does, nothing is said.
        for winner in ("tie", "a", "tie", "tie"):
            duel = visitor.start()
            duel.ask("hello")
            assert duel.vote(winner).status_code == 201
    expect(hornbeam).not_to_have_attribute("data-status", "provisional")
    expect(board.locator("[data-votes]")).to_contain_text("4")

    step(page, "closed")
    expect(board.get_by_text("Voting is over")).to_be_visible()
    # The clock counts; then an organizer publishes.
    expect(board.get_by_text("The result is being checked")).to_be_visible()
    page.reload()
    step(page, "provisional")
    expect(board.locator("[data-below] [data-status=eliminated]")).to_have_count(1)
    expect(board.get_by_text("Provisional result")).to_be_visible()
    assert board.evaluate("window.sameVisit")
    log = page.locator("[data-transition]")
    states = [line.get_attribute("data-transition") for line in log.all()]
    assert states == ["provisional", "tallied", "closed", "open", "scheduled", "draft"]

    page.goto(f"{own_site.url}/console/exports?round=2")
    page.get_by_role("button", name="Write the files").click()
    # Written by Celery; the page looks by itself.
    with page.expect_download() as downloading:
        page.get_by_role("link", name="board.csv").click()
    assert "hornbeam" in downloading.value.path().read_text(encoding="utf-8-sig")

    page.set_viewport_size({"width": 360, "height": 780})
    rounds = ["/console/rounds/new", "/console/rounds/2", "/console/rounds/2/to/appeal", "/console/rounds/2/board"]
    for path in ("/console/", "/console/entries", "/console/exports", "/console/log", "/accounts/", *rounds):
        page.goto(own_site.url + path)
        assert page.locator("html").evaluate("html => html.scrollWidth") <= 360, path


@pytest.mark.parametrize("language", ["ko-KR", "en-US"])
def test_no_page_of_an_account_scrolls_sideways_on_a_phone(open_page, own_site: RunningSite, language):
    for path in ("/accounts/login/", "/accounts/password/reset/"):
        page = open_page(own_site.url + path, language=language, width=360)
        assert page.locator("html").evaluate("html => html.scrollWidth") <= 360
