"""The process that counts dies while it counts: nothing is counted twice, and nothing is left out."""

import psycopg

from tests.faults.conftest import often
from tests.faults.guests import await_more, crowd
from tests.faults.soundness import assert_sound
from tests.servers import wait_until

FOLDS = "SELECT 1 FROM pg_locks WHERE relation = 'leaderboard_folded'::regclass AND mode = 'RowShareLock'"


def test_a_worker_killed_while_it_folds_leaves_boards_that_are_right(stack, figures):
    with figures.row("kill -9 the Celery worker mid-fold", goal="boards = recomputation") as row:
        with crowd(stack.url, 3, "hi") as notes, psycopg.connect(stack.postgres.url, autocommit=True) as watching:
            for _ in range(often(3, 30)):
                # A lock that only a fold takes, held from its first line to its commit.
                wait_until(lambda: watching.execute(FOLDS).fetchone(), every=0.001)
                stack.await_restart("worker", stack.kill("worker"))
                row.times += 1
        row.measured = f"{len(notes.acknowledged)} votes acknowledged, 0 lost, 0 counted twice"
        assert_sound(stack, notes.acknowledged)


def test_a_killed_beat_is_missed_for_seconds(stack, figures):
    with figures.row("kill -9 beat under votes", goal="boards = recomputation") as row:
        with crowd(stack.url, 3, "hi") as notes:
            for _ in range(often(1, 3)):
                await_more(notes.acknowledged, 4)
                stack.await_restart("beat", stack.kill("beat"))
                row.times += 1
        row.measured = f"{len(notes.acknowledged)} votes acknowledged, 0 lost, 0 counted twice"
        assert_sound(stack, notes.acknowledged)
