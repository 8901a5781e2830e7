"""A board that stands still, looked at in a real browser, by socket and by API, while people go on voting."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.processes import RunningSite, running_site
from tests.servers import wait_until
from tests.visitor import Visitor, receive

pytestmark = pytest.mark.browser

COUNTED = "from leaderboard.editions import newest; from leaderboard.models import Series; "
COUNTED += "print(newest(Series.objects.get(slug='round-2')).votes)"


@pytest.fixture
def frozen_site(tmp_path):
    """A demonstration whose second round freezes a day before its end."""
    with running_site(tmp_path / "site", models="echo") as site:
        site.manage("round", "1", "closed", "--reason", "As agreed.", "--yes")
        rules = tmp_path / "rules.json"
        rules.write_text('{"freeze_hours": 24, "minimum_votes": 1, "pace": 0}')
        ends = (datetime.now(UTC) + timedelta(days=5)).isoformat()
        site.manage("open_round", "hornbeam", "wychelm", "guelder", "--ends", ends, "--rulebook", str(rules))
        yield site


def vote(visitor: Visitor) -> dict:
    duel = visitor.start()
    duel.ask("hello")
    return duel.vote("a").json()


def test_the_frozen_board_stays_the_same_in_page_socket_and_api(frozen_site: RunningSite, open_page):
    board = open_page(f"{frozen_site.url}/board", width=1280)
    with closing(Visitor(frozen_site.url)) as visitor:
        assert vote(visitor)["names"]
        expect(board.locator("[data-votes]")).to_contain_text("1 counted vote")
        frozen_site.manage("round", "2", "frozen", "--reason", "The last day.", "--yes")
        expect(board.locator("[data-round]")).to_have_attribute("data-round", "frozen")
        expect(board.locator("[data-live-words]")).to_have_text("Frozen")

        def shown():
            table = board.locator(".standings").evaluate("table => table.outerHTML")
            answer = visitor.http.get("/api/v1/board")
            with visitor.socket("/ws/board") as socket:
                return table, answer.content, answer.headers["etag"], receive(socket)

        before = shown()
        assert [vote(visitor)["names"] for _ in range(3)] == [None, None, None]
        wait_until(
            lambda: frozen_site.manage("shell", "--verbosity", "0", "-c", COUNTED).split()[-1] == "4", 60, every=1
        )
        assert shown() == before
        expect(board.locator("[data-votes]")).to_contain_text("1 counted vote")

        arena = open_page(frozen_site.url)
        expect(arena.locator("[data-frozen]")).to_contain_text("The board stands still")
        frozen_site.manage("round", "2", "closed", "--reason", "It is over.", "--yes")
        expect(board.get_by_text("The result is being checked")).to_be_visible()
        assert shown()[0] == before[0]
