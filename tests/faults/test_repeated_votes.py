"""A vote that is sent again, for whatever reason, is one vote with one receipt."""

import asyncio
import random
import time

import httpx
import psycopg
import pytest

from tests.faults.conftest import often
from tests.faults.guests import Notes, crowd, to_judge
from tests.faults.proxy import bad_line
from tests.faults.soundness import assert_sound
from tests.servers import PATIENCE, wait_until

VOTING = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE xact_start IS NOT NULL AND query ~* 'arena_vote|commit' AND pid <> pg_backend_pid()
"""


def test_fifty_posts_of_one_vote_at_once_are_one_row_and_one_receipt(stack, figures):
    notes = Notes()
    bases = [stack.base("web1"), stack.base("web2")]
    with (
        figures.row("50 parallel posts of one vote, both processes", goal="1 row, identical bodies") as row,
        to_judge(stack.url, often(3, 100), notes) as waiting,
    ):
        for guest, duel in waiting:
            answers = asyncio.run(post_at_once(guest.visitor, f"/battles/{duel.id}/vote", bases, 25))
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.content for answer in answers}) == 1
            assert stack.rows("SELECT winner FROM arena_vote WHERE battle_id = %s", duel.id) == [("a",)]
            assert guest.vote(duel, "a").content == answers[0].content
            row.times += 1
        row.measured = f"{row.times} rows, {len(notes.acknowledged)} bodies"
        assert_sound(stack, notes.acknowledged)


async def post_at_once(visitor, path, bases, each):
    """The same vote of one visitor, so many times through each web process, all at once."""
    cookies = dict(visitor.http.cookies)
    async with httpx.AsyncClient(cookies=cookies, trust_env=False, timeout=PATIENCE) as client:
        token = {"X-CSRFToken": cookies["csrftoken"]}
        return await asyncio.gather(
            *(
                client.post(base + path, json={"winner": "a"}, headers={**token, "Origin": base})
                for base in bases
                for _ in range(each)
            )
        )


def test_a_vote_whose_answer_was_lost_gets_the_same_receipt_again(stack, figures):
    notes = Notes()
    with (
        figures.row("reply lost after the commit", goal="same receipt on retry") as row,
        bad_line(stack.url, lambda _: 0) as line,
        to_judge(stack.url, often(6, 200), notes) as waiting,
    ):
        for guest, duel in waiting:
            address = f"{line.url}/battles/{duel.id}/vote"
            headers = {"X-CSRFToken": guest.visitor.http.cookies["csrftoken"], "Origin": line.url}
            with pytest.raises(httpx.TransportError):
                guest.visitor.http.post(address, json={"winner": "tie"}, headers=headers)
            receipt = guest.vote(duel, "tie").content
            assert line.swallowed[-1].endswith(receipt)
            row.times += 1
        row.measured = f"{row.times} receipts the same, 0 votes doubled"
        assert_sound(stack, notes.acknowledged)


def test_a_database_connection_killed_under_a_vote_leaves_it_in_once(stack, figures):
    chance = random.Random(7)
    with figures.row("database connection killed under a vote", goal="exactly once") as row:
        with crowd(stack.url, 6, "hi") as notes, psycopg.connect(stack.postgres.url, autocommit=True) as hunting:
            while row.times < often(8, 100):
                time.sleep(chance.random() / 2)
                wait_until(lambda: hunting.execute(VOTING).fetchall(), every=0.001)
                row.times += 1
        row.measured = f"{len(notes.acknowledged)} votes acknowledged, 0 lost, 0 doubled"
        assert_sound(stack, notes.acknowledged)
