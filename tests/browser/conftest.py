"""A real Chromium. Where none is installed these tests are skipped with a reason; in CI that is a failure."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import skip_or_fail
from tests.servers import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No look-ups outside: a test browser talks to loopback alone.
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

Open = Callable[..., Page]
expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a module: while it lives, its event loop forbids Django's database in this thread."""
    program = os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        skip_or_fail("no Chromium is installed (CHROMIUM names one)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens a page on a device of its own; at the end, no page may have reported an error."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(url: str, *, language: str = "en-US", width: int = 390, **options: object) -> Page:
        context = chromium.new_context(
            locale=language,
            viewport={"width": width, "height": 844},
            **options,  # type: ignore[arg-type]  # passed through
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints
