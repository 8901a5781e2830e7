"""A reply and what is known of it apart from its words, from a worker that thinks, fails or is cut short."""

import asyncio

import pytest

from inference.faults import Broken, Spent, WorkerFault
from inference.models import Entry, Worker
from inference.replies import Reply, Sampling, stream_reply
from inference.standin import Standin
from tests.conftest import Worker as Server
from tests.conftest import make_entries
from tests.servers import serving, wait_until

SAMPLING = Sampling(temperature=0.0, top_p=1.0, max_tokens=100)


@pytest.fixture
def entry(transactional_db, worker):
    return make_entries(worker, 1)[0]


def replied(entry, prompt):
    """What was heard of a reply, and the record of it."""
    said: list[str] = []
    messages = [{"role": "user", "content": prompt}]
    return said, asyncio.run(stream_reply(entry.pk, messages, SAMPLING, said.append))


def test_a_reply_tells_who_gave_it_how_fast_and_with_how_many_tokens(entry):
    said, reply = replied(entry, "!think=4 one two")
    assert "".join(said) == "!think=4 one two"
    assert (reply.worker_id, reply.tokens, reply.finish) == (entry.workers.get().pk, 7, "stop")
    assert (reply.length, reply.thought) == (len("!think=4 one two"), len("thought0 ") * 4)
    assert 0 < reply.first <= reply.seconds


def test_an_answer_cut_by_the_limit_is_whole_and_says_so(entry):
    said, reply = replied(entry, "!limit=2 one two three")
    assert ("".join(said), reply.finish) == ("!limit=2 one", "length")


def test_tokens_that_all_went_into_thoughts_are_a_fault_of_its_own(entry):
    with pytest.raises(Spent) as spent:
        replied(entry, "!spent")
    assert (spent.value.worker_id, spent.value.tokens) == (entry.workers.get().pk, 3)


def test_a_fault_tells_after_how_many_tokens(entry):
    with pytest.raises(Broken) as broken:
        replied(entry, "!die=3 !think=2 one two")
    assert broken.value.tokens == 5


def test_thoughts_are_asked_for_as_the_entry_was_admitted_and_never_of_others(entry, worker: Server):
    for reasoning in ("off", "on", "auto", ""):
        Entry.objects.update(reasoning=reasoning)
        replied(entry, "hi")
    asked = [request.get("chat_template_kwargs") for request in worker.app.requests]
    assert asked == [{"enable_thinking": False}, {"enable_thinking": True}, None, None]
    assert all(request["stream_options"] == {"include_usage": True} for request in worker.app.requests)


def test_what_was_cancelled_is_told_too(entry, worker: Server):
    reply = Reply()

    async def hear_two_words() -> None:
        heard = asyncio.Event()
        messages = [{"role": "user", "content": "!endless !delay=0.01"}]
        asking = asyncio.create_task(
            stream_reply(entry.pk, messages, SAMPLING, lambda text: heard.set() if reply.tokens > 1 else None, reply)
        )
        await heard.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(hear_two_words())
    assert reply.tokens >= 2
    assert reply.seconds > 0
    assert reply.finish == ""
    wait_until(lambda: worker.app.open_streams == 0)


def test_a_worker_that_failed_before_the_first_words_is_on_record(entry, worker: Server):
    dead = entry.workers.get()
    Worker.objects.filter(pk=dead.pk).update(url="http://127.0.0.1:9")
    Worker.objects.create(entry=entry, url=worker.url, served_name="alder", healthy=True)
    _, reply = replied(entry, "hi")
    assert reply.tried == [(dead.pk, "unreachable")]
    assert reply.worker_id != dead.pk


def test_a_worker_that_drains_and_says_it_is_well_costs_no_battle(entry, worker: Server):
    # vLLM answers its probe with 200 while it drains, and new chats with 500.
    draining = entry.workers.get()
    with serving(Standin(always="status=500")) as url:
        Worker.objects.filter(pk=draining.pk).update(url=url)
        Worker.objects.create(entry=entry, url=worker.url, served_name="alder", healthy=True)
        said, reply = replied(entry, "hi")
    assert ("".join(said), reply.tried) == ("hi", [(draining.pk, "rejected")])


def test_nobody_to_ask_is_a_fault_without_a_worker(entry):
    Worker.objects.update(healthy=False)
    with pytest.raises(WorkerFault) as nobody:
        replied(entry, "hi")
    assert (nobody.value.worker_id, nobody.value.tokens) == (None, 0)
