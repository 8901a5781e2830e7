"""A line that breaks at any byte costs no word."""

import random

from tests.faults.conftest import often
from tests.faults.guests import crowd
from tests.faults.proxy import ALL, bad_line
from tests.faults.soundness import assert_sound
from tests.faults.stack import percentile
from tests.servers import wait_until


def test_text_resumed_through_a_line_that_keeps_breaking_is_the_text_on_record(stack, figures):
    chance = random.Random(20261122)
    with figures.row("socket cut at a random byte", goal="identical text; resumed, p95 ≤ 2 s") as row:
        with (
            bad_line(stack.url, lambda asked: chance.randint(1, 3000) if b"Upgrade" in asked else ALL) as line,
            crowd(line.url, often(4, 8), "!words=60 !delay=0.05") as notes,
        ):
            wait_until(lambda: len(notes.resumed) >= often(12, 200), 600)
        row.times = len(notes.resumed)
        p95 = percentile(notes.resumed, 0.95)
        row.measured = f"{len(notes.ended)} turns identical, {len(notes.void)} void; resumed after {p95:.1f} s (p95)"
        assert_sound(stack, notes.acknowledged)
        assert notes.void == []
        row.within(p95, 2)
