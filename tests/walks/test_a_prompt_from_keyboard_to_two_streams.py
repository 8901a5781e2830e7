"""The walk of docs/architecture.md: a prompt, both streams at once, a lost socket on the way."""

from tests.processes import RunningSite
from tests.visitor import Visitor, prompted, receive, send, texts, until_ended


def test_both_streams_come_at_once_and_survive_a_lost_socket(echo_site: RunningSite):
    visitor = Visitor(echo_site.url)
    duel = visitor.start()
    seen = []
    with duel.socket() as socket:
        prompted(socket, "!words=12 !delay=0.05")
        while len(seen) < 4:
            seen.append(receive(socket))
    assert all(frame["a"] and frame["b"] for frame in seen)
    with duel.socket() as socket:
        send(socket, {"type": "resume", "after": seen[-1]["tick"]})
        seen += until_ended(socket)
    whole = " ".join(f"word{n}" for n in range(12))
    assert texts(seen) == {"a": whole, "b": whole}
    turn = duel.state()["turns"][0]
    assert (turn["a"], turn["b"], turn["state"]) == (whole, whole, "complete")
    visitor.close()
