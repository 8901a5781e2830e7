"""A team appeals, two organizers rule, and the model is back: in a real browser, as each of them sees it."""

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

PREPARE = "from tests.browser.appealed import prepare; prepare()"
TEAM = "from inference.models import Entry; print(Entry.objects.get(slug='guelder').team.slug)"


@pytest.fixture(scope="module")
def appealed_site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("appealed-site"), models="echo") as site:
        site.manage("shell", "-c", PREPARE)
        yield site


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


def narrow(page: Page) -> bool:
    page.set_viewport_size({"width": 360, "height": 780})
    fits = page.locator("html").evaluate("html => html.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 844})
    return bool(fits)


def test_a_team_appeals_two_organizers_rule_and_the_model_is_back(open_page, appealed_site: RunningSite, tmp_path):
    site = appealed_site
    board = open_page(f"{site.url}/board?series=round-2", width=1280)
    expect(board.locator("[data-row=guelder]")).to_have_attribute("data-status", "eliminated")

    team = site.manage("shell", "--verbosity", "0", "-c", TEAM).split()[-1]
    owner = open_page(f"{site.url}/team/{team}/appeals", width=1280)
    sign_in(owner, "olive")
    left = owner.locator("[data-left]")
    expect(left).to_contain_text("9 d 23 h")
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

    ada = organizer(open_page, site, "ada")
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

    bob = organizer(open_page, site, "bob")
    bob.goto(f"{site.url}/console/rounds/2/appeals/1")
    bob.get_by_role("link", name="Look at it and confirm").click()
    expect(bob.locator("[data-changes]")).to_contain_text("eliminated → takes part")
    assert narrow(bob)
    bob.locator("[data-do]").click()
    expect(bob.get_by_text("Confirmed and done.")).to_be_visible()

    # Whoever looks at the board sees it without a reload.
    expect(board.locator("[data-row=guelder]")).not_to_have_attribute("data-status", "eliminated")
    public.reload()
    expect(public.locator("[data-ruling=granted]")).to_contain_text("competes again, and nobody goes out in its place.")
    assert public.locator("html").evaluate("html => html.scrollWidth") <= 390
    owner.reload()
    expect(owner.locator("[data-waits]")).to_have_text("Granted")
