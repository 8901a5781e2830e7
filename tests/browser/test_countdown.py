"""The time that is left, on a device whose clock is years off, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.processes import RunningSite

pytestmark = pytest.mark.browser

DAY = 86_400_000  # milliseconds


@pytest.mark.parametrize("path", ["/", "/board"])
def test_it_goes_by_the_servers_clock_and_stops_at_the_end(open_page, echo_site: RunningSite, path: str):
    page = open_page(echo_site.url + path)
    page.clock.install(time="2031-05-01T12:00:00Z")
    page.reload()
    left = page.locator("[data-left]")
    expect(left).to_have_text(re.compile(r"^29 d 23 h 5\d min left$"))
    page.clock.fast_forward(3 * DAY)
    expect(left).to_have_text(re.compile("^26 d 23 h"))
    page.clock.fast_forward(26 * DAY + DAY // 2)
    expect(left).to_have_text(re.compile(r"^11 h 5\d min \d+ s left$"))
    page.clock.fast_forward(DAY)
    expect(left).to_have_text("The time is up.")
    expect(left).to_have_attribute("role", "timer")
