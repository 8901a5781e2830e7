"""PostgreSQL crashes under votes: what was acknowledged was committed, and nobody needs to be started again."""

import time
from statistics import median

from tests.faults.conftest import often
from tests.faults.guests import await_more, crowd
from tests.faults.soundness import assert_sound, await_shown, watched_board


def test_a_crash_of_postgresql_loses_nothing_acknowledged_and_is_over_when_it_is_back(stack, figures):
    with (
        figures.row("PostgreSQL immediate stop and start under votes", goal="0 lost; recovery ≤ 10 s") as row,
        watched_board(stack, "web1") as watched,
    ):
        started = {name: stack.service(name)["starts"] for name in ("web1", "web2", "worker", "beat")}
        recoveries = []
        with crowd(stack.url, 6, "hi") as notes:
            for _ in range(often(2, 5)):
                await_more(notes.acknowledged, 6)
                stack.postgres.stop_at_once()
                await_more(notes.away, 6)
                began = time.monotonic()
                stack.postgres.start()
                await_more(notes.acknowledged, 1)
                recoveries.append(time.monotonic() - began)
                row.times += 1
        row.measured = (
            f"{len(notes.acknowledged)} votes acknowledged, 0 lost; a vote {median(recoveries):.1f} s (median), "
            f"{max(recoveries):.1f} s (worst) after the start; slowest refusal {max(notes.away):.1f} s"
        )
        assert_sound(stack, notes.acknowledged)
        await_shown(watched, stack)
        row.within(max(recoveries), 10)
        assert started == {name: stack.service(name)["starts"] for name in started}
