"""The main job once through, on real language models: a prompt, two answers, a vote, a board, a cut."""

import importlib.util
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.test_arena import answer, ask, verdict
from tests.conftest import skip_or_fail
from tests.processes import RunningSite, running_site
from tests.visitor import Visitor, prompted, receive, send, until_ended

pytestmark = [pytest.mark.browser, pytest.mark.engine]


@pytest.fixture(scope="module")
def real_site(tmp_path_factory):
    if importlib.util.find_spec("xllamacpp") is None:
        skip_or_fail("the demo's model packages are not installed (requirements-demo.txt)")
    with running_site(tmp_path_factory.mktemp("real-site"), models="real") as site:
        yield site


def vote_quickly(visitor: Visitor) -> set[str]:
    """A battle cut short as soon as both have said something; returns who met."""
    duel = visitor.start()
    with duel.socket() as socket:
        prompted(socket, "Say one word about the sea.")
        sides: set[str] = set()
        while len(sides) < 2:
            frame = receive(socket)
            assert frame["type"] == "token", frame
            sides |= {side for side in ("a", "b") if frame[side]}
        send(socket, {"type": "stop"})
        assert until_ended(socket)[-1]["type"] == "ready"
    names = duel.vote("a").json()["names"]
    return {names["a"]["slug"], names["b"]["slug"]}


@pytest.fixture
def visitors(real_site: RunningSite):
    """Two more devices, so that enough votes count."""
    with closing(Visitor(real_site.url)) as one, closing(Visitor(real_site.url)) as other:
        yield [one, other]


def test_from_a_prompt_to_a_cut_on_real_models(open_page, real_site: RunningSite, visitors):
    board = open_page(f"{real_site.url}/board", width=1440)
    page = open_page(real_site.url)
    expect(page.locator(".demo-banner")).to_contain_text("English")

    ask(page, "What is the capital of France?")
    expect(verdict(page, "a")).to_be_enabled()
    said = {side: answer(page, side).inner_text() for side in "ab"}
    assert len(said["a"]) > 20
    assert len(said["b"]) > 20
    for name in ("Hornbeam", "Wychelm", "Guelder", "Spindletree", "SmolLM"):
        assert name not in page.locator("main").inner_text()

    expect(board.locator("[data-votes]")).to_contain_text("0")
    verdict(page, "b").click()
    expect(page.locator("[data-reveal]")).to_be_visible()
    expect(board.locator("[data-votes]")).to_contain_text("1")

    for number in range(20):
        vote_quickly(visitors[number % 2])
        standings = visitors[0].http.get("/api/v1/board").json()["standings"]
        if number >= 5 and all(row["rank"] and row["votes"] >= 2 for row in standings):
            break
    said_by_command = real_site.manage("close_round")
    expect(board.locator("[data-below] [data-status=eliminated]")).to_have_count(1)
    expect(board.get_by_text("Who stands below it is out.")).to_be_visible()
    expect(board.get_by_role("link", name="To the next round")).to_be_visible()
    out = board.locator("[data-below] [data-row]").get_attribute("data-row")
    assert f"({out})" in said_by_command
    assert all(out not in vote_quickly(visitors[number % 2]) for number in range(6))


def test_the_board_of_real_votes_is_labelled_as_not_ours(open_page, real_site: RunningSite):
    page = open_page(f"{real_site.url}/board?series=chatbot-arena-2024", language="en-US", width=1440)
    expect(page.get_by_role("heading", name="Chatbot Arena, 14 August 2024: not our votes")).to_be_visible()
    expect(page.locator("[data-row]")).to_have_count(129)
    expect(page.locator("[data-row]").first).to_contain_text("chatgpt-4o-latest")
    expect(page.locator("[data-row]").first).to_contain_text("1204")
    expect(page.locator("[data-row]").last).to_contain_text("llama-13b")
    korean = open_page(f"{real_site.url}/board?series=chatbot-arena-2024", language="ko-KR")
    expect(korean.get_by_role("heading", name="저희 투표가 아닙니다")).to_be_visible()
