"""The board in a page of another site, in a real browser: it moves there, and nothing else lets itself be framed."""

from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.processes import RunningSite
from tests.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def newspaper(echo_site: RunningSite) -> Iterator[str]:
    """A page on another origin that frames the embedded board and the arena."""
    frames = "".join(
        f'<iframe name="{name}" src="{echo_site.url}{path}" width="700" height="700"></iframe>'
        for name, path in (("board", "/embed/board?lang=ko&amp;theme=dark"), ("arena", "/"))
    )

    class Paper(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>News</title>{frames}".encode())

        def log_message(self, *told: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Paper) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://localhost:{server.server_port}/"  # another site than 127.0.0.1
        server.shutdown()
        thread.join()


def test_another_site_shows_the_board_live_and_cannot_frame_the_arena(
    chromium: Browser, echo_site: RunningSite, newspaper: str
):
    with closing(chromium.new_context(locale="en-US")) as device:
        page = device.new_page()
        page.goto(newspaper)
        board = page.frame_locator("iframe[name=board]")
        expect(board.locator("html")).to_have_attribute("lang", "ko")
        expect(board.locator("body")).to_have_css("background-color", "rgb(14, 19, 28)")
        before = board.locator("[data-votes]").inner_text()
        with closing(Visitor(echo_site.url)) as visitor:
            duel = visitor.start()
            duel.ask("hello")
            assert duel.vote("a").json()["counted"]
        expect(board.locator("[data-votes]")).not_to_have_text(before, timeout=60_000)
        (arena,) = [frame for frame in page.frames if frame.name == "arena"]
        assert arena.url.startswith("chrome-error:")
        assert device.cookies() == []
