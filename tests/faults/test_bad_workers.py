"""Whatever an entry's worker does, the battle ends, the process stays small, and the next battle works."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.faults.conftest import often
from tests.faults.guests import Guest, Notes, check_heard, tries
from tests.faults.soundness import assert_sound

WISHES = {
    "!silent": "silent",
    "!stall=1 one two": "stalled",
    "!endless !delay=0.01": "endless",
    "!die=0": "broken",
    "!die=1 one two": "broken",
    "!die=50 !words=60 !delay=0.01": "broken",
    "!die=3 one two": "broken",  # after the last word, before it says that it has finished
    "!unfinished words": "broken",
    "!status=500": "rejected",
    "!status=503": "rejected",
    "!error=2 one two three": "rejected",
    "!html": "rubbish",
    "!line": "rubbish",
    "!bytes": "rubbish",
    "!rubbish": "rubbish",
    "!empty": "speechless",
    "!spent": "spent",
}
MOST_GROWTH = 50  # MB
FORGIVE = "DELETE FROM inference_breaker"


def test_no_worker_can_hang_a_battle_or_fill_a_web_process(stack, figures):
    notes = Notes()
    with figures.row("worker hangs, dies, lies, floods, never ends", goal="void with its fault; ≤ +50 MB") as row:

        def answered(guest, prompt):
            """A battle in which a worker was asked. That those are left out which keep failing is another test's."""
            for _ in tries():
                stack.change(FORGIVE)
                duel = guest.start()
                frames = guest.hear_out(duel, prompt)
                ((fault,),) = stack.rows("SELECT fault FROM arena_turn WHERE battle_id = %s", duel.id)
                if fault != "no_worker":
                    return duel, frames, fault
            raise AssertionError  # tries end by raising

        def suffer(prompt):
            with closing(Guest(stack.url, notes)) as guest:
                duel, frames, fault = answered(guest, prompt)
                check_heard(guest.state(duel), frames)
                following, after, _ = answered(guest, "hello")
                assert after[-1]["type"] == "ready"
                guest.vote(following, "b")
            return prompt, frames[-1]["type"], fault

        before = {name: stack.memory(name) for name in ("web1", "web2")}
        with ThreadPoolExecutor(5) as pool:
            for prompt, end, fault in pool.map(suffer, [*WISHES] * often(1, 4)):
                assert (prompt, end, fault) == (prompt, "void", WISHES[prompt])
                row.times += 1
        stack.change(FORGIVE)
        growth = max(stack.memory(name) - before[name] for name in before)
        row.measured = f"{len(notes.void)} void, each with its fault; {growth:+.0f} MB"
        assert_sound(stack, notes.acknowledged)
        assert growth <= MOST_GROWTH
