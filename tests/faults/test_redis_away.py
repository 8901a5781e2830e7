"""Redis holds only what may vanish: when it does, or forgets everything, streams end well and votes go on."""

import time
from contextlib import closing

import redis

from tests.faults.conftest import often
from tests.faults.guests import Guest, Notes, await_more, check_heard, crowd
from tests.faults.soundness import assert_sound, await_shown, board, watched_board
from tests.faults.test_killed_web_processes import STREAM, await_streams
from tests.servers import wait_until
from tests.visitor import receive, send, until_ended


def test_a_redis_that_forgets_everything_costs_no_vote_and_no_turn(stack, figures):
    with figures.row("Redis FLUSHALL under votes and streams", goal="0 lost, 0 void") as row:
        with crowd(stack.url, 5, STREAM) as notes:
            for _ in range(often(3, 20)):
                await_streams(stack, 3)
                forget(stack)
                await_more(notes.ended, 1)
                row.times += 1
        row.measured = f"{len(notes.acknowledged)} votes acknowledged, 0 lost; {len(notes.void)} turns void"
        assert_sound(stack, notes.acknowledged)
        assert notes.void == []


def test_what_was_shown_before_redis_forgot_it_is_there_for_who_comes_during_the_stream(stack):
    with closing(Guest(stack.url, Notes())) as guest, (duel := guest.start()).socket() as socket:
        send(socket, {"type": "prompt", "text": "!words=60 !delay=0.1"})
        assert receive(socket)["type"] == "asked"  # only who asked is told how the prompt was kept
        seen = [receive(socket) for _ in range(12)]
        forget(stack)
        with duel.socket() as late:
            send(late, {"type": "resume", "after": 0})
            assert [receive(late) for _ in range(12)] == seen
            seen += until_ended(late)
        assert seen[-1]["type"] == "ready"
        check_heard(guest.state(duel), seen)


def forget(stack):
    with redis.Redis.from_url(stack.redis.url) as client:
        client.flushall()


def test_while_redis_is_away_votes_go_on_and_streams_end_well(stack, figures):
    seconds = often(8, 60)
    with (
        figures.row(f"Redis away for {seconds} s", goal="0 lost, 0 void; votes go on") as row,
        watched_board(stack, "web1") as watched,
    ):
        with crowd(stack.url, 2, "hi") as notes, crowd(stack.url, 3, STREAM, notes):
            await_streams(stack, 2)
            stack.redis.stop()
            before = len(notes.acknowledged)
            time.sleep(seconds)
            wait_until(lambda: len(notes.acknowledged) - before >= seconds)
            meanwhile, number = len(notes.acknowledged) - before, board(stack, "web1")["number"]
            stack.redis.start()
            began = time.monotonic()
            wait_until(lambda: board(stack, "web1")["number"] > number)
            moved = time.monotonic() - began
        row.times = 1
        row.measured = (
            f"{len(notes.acknowledged)} votes acknowledged ({meanwhile} meanwhile), 0 lost; {len(notes.void)} turns "
            f"void; boards move again after {moved:.0f} s"
        )
        assert_sound(stack, notes.acknowledged)
        await_shown(watched, stack)
        assert notes.void == []
