"""The walk of docs/architecture.md: a vote, from a click to a changed board in somebody else's browser."""

from tests.processes import RunningSite
from tests.visitor import Visitor, receive


def test_a_vote_becomes_a_board_for_everyone(echo_site: RunningSite):
    voter, watcher = Visitor(echo_site.url), Visitor(echo_site.url)
    duel = voter.start()
    assert duel.ask("hello you two")[-1]["type"] == "ready"
    with watcher.socket("/ws/board") as board:
        before = receive(board)
        receipt = duel.vote("a").json()
        after = receive(board)
    assert after["votes"] == before["votes"] + 1
    assert after["number"] > before["number"]
    votes = {row["slug"]: row["votes"] for row in after["standings"]}
    assert all(votes[receipt["names"][side]["slug"]] > 0 for side in ("a", "b"))
    past = watcher.http.get(f"/api/v1/entries/{receipt['names']['a']['slug']}/history").json()
    assert past["points"][-1]["number"] >= after["number"]
    voter.close()
    watcher.close()
