"""A web process that dies, or is told to go, costs no vote and no shown word."""

import signal
from contextlib import closing
from itertools import cycle, islice
from statistics import median

from tests.faults.conftest import often
from tests.faults.guests import Guest, Notes, await_more, crowd
from tests.faults.soundness import assert_sound
from tests.faults.stack import percentile
from tests.servers import wait_until
from tests.visitor import prompted, receive

STREAM = "!words=40 !delay=0.05"  # some two seconds at the pace of the round


def test_a_killed_web_process_costs_nothing_acknowledged_and_its_viewers_come_back_elsewhere(stack, figures):
    with figures.row("kill -9 a web process under load", goal="0 lost; back elsewhere, p95 ≤ 3 s") as row:
        with crowd(stack.url, 6, STREAM) as notes:
            for name in islice(cycle(["web1", "web2"]), often(2, 20)):
                await_more(notes.acknowledged, 4)
                await_streams(stack, 4)
                stack.await_restart(name, stack.kill(name))
                row.times += 1
        p95 = percentile(notes.back, 0.95)
        row.measured = (
            f"{len(notes.acknowledged)} votes acknowledged, 0 lost; {len(notes.back)} sockets back after "
            f"{median(notes.back):.1f} s (median), {p95:.1f} s (p95); {len(notes.void)} turns void"
        )
        assert_sound(stack, notes.acknowledged)
        assert notes.void
        for battle in notes.void:
            assert stack.rows("SELECT state, fault FROM arena_turn WHERE battle_id = %s", battle) == [
                ("void", "interrupted")
            ]
        row.within(p95, 3)


def test_a_rolling_restart_is_noticed_by_nobody(stack, figures):
    with figures.row("rolling restart under streams", goal="0 lost, 0 void") as row:
        with crowd(stack.url, 6, STREAM) as notes:
            for name in ["web1", "web2"] * often(1, 2):
                await_streams(stack, 4)
                stack.await_restart(name, stack.kill(name, signal.SIGTERM))
                row.times += 1
        row.measured = f"{len(notes.acknowledged)} votes acknowledged, 0 lost; {len(notes.void)} turns void"
        assert_sound(stack, notes.acknowledged)
        assert stack.rows("SELECT fault FROM arena_turn WHERE battle_id = ANY(%s::uuid[])", notes.void) == []


def test_a_turn_that_died_with_nobody_watching_is_void_before_it_hangs(stack, figures):
    with figures.row("kill -9 with nobody watching", goal="no turn streams over 150 s") as row:
        with closing(Guest(stack.base("web1"), Notes())) as guest:
            duel = guest.start()
            with duel.socket() as socket:
                prompted(socket, "!words=200 !delay=0.05")
                assert receive(socket)["type"] == "token"
            stack.await_restart("web1", stack.kill("web1"))
            # Most of the time that it may take is made to pass; what is left is beat's.
            stack.change("UPDATE arena_turn SET started_at = started_at - interval '130 s' WHERE ended_at IS NULL")
            # Looked up, not asked for: whoever asks is told the truth, and that ends a turn too.
            lasting = "SELECT extract(epoch FROM ended_at - started_at) FROM arena_turn WHERE battle_id = %s"
            wait_until(lambda: stack.rows(lasting, duel.id) != [(None,)])
            ((lasted,),) = stack.rows(lasting, duel.id)
        row.times, row.measured = 1, f"void after {lasted:.0f} s"
        row.within(lasted, 150)
        assert_sound(stack, {})


def await_streams(stack, number):
    """Wait until so many turns stream at once."""
    wait_until(lambda: len(stack.rows("SELECT 1 FROM arena_turn WHERE state = 'streaming'")) >= number)
