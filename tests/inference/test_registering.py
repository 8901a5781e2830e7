"""A worker is checked before it answers visitors, by a server that fails each check on request."""

import asyncio

import pytest
from django.utils import translation

from accounts.models import Team
from inference.addresses import BadAddress, base_address
from inference.canaries import drifts, due, is_another
from inference.draining import in_service
from inference.entries import Unfit, describe_entry, enter_worker
from inference.faults import NoWorker
from inference.line import slot
from inference.models import Canary, Entry, Registration, Worker
from inference.reasons import figures, why_refused
from inference.registering import Underway, ask_for_registration, register
from inference.serving.files import Files
from inference.tasks import apart, check_all
from tests.servers import wait_until


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def alder(transactional_db, worker, settings):
    """A new worker of Alder, at a stand-in that speaks a word every 10 ms."""
    settings.WORKER_PACE_SECONDS = 0.4
    worker.app.delay = 0.01
    entry = Entry.objects.create(team=Team.objects.create(slug="a", name="A"), slug="alder", name="Alder")
    return Worker.objects.create(
        entry=entry, url=worker.url, served_name="standin", slots=3, refused_because="unchecked"
    )


def refused(alder, **wanted):
    """Why, in words; it is kept and asked nothing."""
    found = register(alder, **wanted)
    alder.refresh_from_db()
    assert not alder.registered
    assert alder.refused_because == found.checks[-1]["code"]
    assert not in_service(Worker.objects.all()).exists()
    return why_refused(found.checks)


def test_a_worker_that_passes_every_check_answers_from_then_on(alder, worker):
    with pytest.raises(NoWorker):
        asyncio.run(ask_for_a_place(alder))
    found = register(alder, pace=20, tokens=100)
    assert [one["check"] for one in found.checks] == [
        *("free", "address", "files", "models", "stream", "pace", "hang_up", "canaries")
    ]
    assert (why_refused(found.checks), found.ended_at is None) == ("", False)
    assert "with 3 at once" in figures(found.checks[5])
    assert "5 questions, 5 different answers" in figures(found.checks[7])
    alder.refresh_from_db()
    assert (alder.registered, alder.refused_because, alder.healthy) == (True, "", True)
    assert 20 < alder.pace < 1000
    assert asyncio.run(ask_for_a_place(alder)) == alder.pk
    # Cut off in the middle, but for one that was between two replies; a second time it is no other.
    wait_until(lambda: worker.app.hung_up >= 1)
    register(alder)
    assert Registration.objects.filter(canaries__expected=True).distinct().count() == 2


async def ask_for_a_place(worker):
    async with slot(worker.entry_id) as chosen:
        return chosen.pk


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"name": "else"}, "serves no model of this name, but: else"),
        ({"context": 2048}, "context has 2048 tokens, and 4096 are needed"),
        ({"key": "sk-other"}, "does not accept its key"),
        ({"always": "status=500"}, "answered a question with an error"),
        ({"always": "unfinished"}, "cut off before its finish_reason"),
        ({"always": "html"}, "not the protocol"),
        ({"always": "empty"}, "ended an answer without a word"),
        ({"delay": 0.2}, "and the round shows 150"),
        ({"places": 1, "delay": 0.1}, "With 3 answers at once, 2 did not begin in time"),
        ({"places": 3, "delay": 0.3, "deaf": True, "pace": 0}, "works on unheard"),
    ],
)
def test_a_check_that_fails_says_why(alder, worker, fault, words):
    pace = fault.pop("pace", 150)
    for name, value in fault.items():
        setattr(worker.app, name, value)
    Entry.objects.update(context_length=4096)
    assert words in refused(alder, pace=pace)


def test_files_that_are_others_than_the_model_was_entered_with_keep_it_out(alder):
    told = {"url": alder.url, "served_name": "standin", "slots": 1}
    with pytest.raises(Unfit, match="64 hexadecimal digits"):
        enter_worker(alder.entry, **told, files=Files(weights_digest="A" * 64))
    alder = enter_worker(alder.entry, **told, files=Files("a" * 64, "b" * 64))
    found = register(alder)
    assert figures(found.checks[2]) == "0 of 2 digests compared, by what its machine says"
    # What is stated later counts for those that serve already.
    describe_entry(alder.entry, {"weights_digest": "a" * 64, "chat_template_digest": "c" * 64})
    assert not in_service(Worker.objects.all()).exists()
    assert refused(alder) == "Its chat template is another than the one that the model was entered with."
    describe_entry(alder.entry, {"chat_template_digest": "b" * 64})
    assert figures(register(alder).checks[2]) == "2 of 2 digests compared, by what its machine says"
    describe_entry(alder.entry, {"weights_digest": "d" * 64})
    assert refused(alder) == "Its weights are others than those that the model was entered with."


def test_nobody_at_the_address_and_a_list_that_is_none_are_told_apart(alder, worker):
    Worker.objects.update(url="http://127.0.0.1:9")
    assert refused(Worker.objects.get()) == "Nobody answers at its address."
    Worker.objects.update(url=f"{worker.url}/nowhere")
    assert refused(Worker.objects.get()) == "Asked for its list of models, it answers with status 404."


def test_the_key_and_what_goes_along_are_sent_and_one_run_is_made_at_a_time(alder, worker):
    worker.app.key = alder.key = "sk-1"
    alder.extra_body = {"chat_template_kwargs": {"enable_thinking": False}, "model": "never this"}
    alder.save()
    asked = ask_for_registration(alder)
    with pytest.raises(Underway):
        ask_for_registration(alder)
    check_all()
    asked.refresh_from_db()
    assert why_refused(asked.checks) == ""
    assert {request["model"] for request in worker.app.requests} == {"standin"}
    assert all(request["chat_template_kwargs"] == {"enable_thinking": False} for request in worker.app.requests)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/", "begins with http"),
        ("javascript:alert(1)", "begins with http"),
        ("http://sk-1@127.0.0.1:9/", "a key is given by itself"),
        ("http://127.0.0.1:9/?x=1", "nothing may follow"),
        ("http://10.1.2.3/", "10.1.2.3 is not public"),
        ("http://[::ffff:10.1.2.3]/", "10.1.2.3 is not public"),
        ("http://169.254.169.254/latest", "no worker may be at 169.254.169.254"),
        ("http://[64:ff9b::a9fe:a9fe]/", "no worker may be at 169.254.169.254"),
        ("http://2130706434:80/", "127.0.0.2 is not public"),
        ("http://0.0.0.0:8000", "no worker may be at"),
        ("http://no-such-name.invalid/", "no machine of this name"),
    ],
)
def test_an_address_at_which_no_worker_may_be_is_refused(settings, url, words):
    from ipaddress import ip_network  # noqa: PLC0415  beside what it tells

    settings.WORKER_NETWORKS = [ip_network("127.0.0.1/32"), ip_network("169.254.0.0/16")]
    with pytest.raises(BadAddress, match=words):
        base_address(url)
    assert base_address(" http://127.0.0.1:8000/v1/ ") == "http://127.0.0.1:8000"


def test_a_name_that_leads_elsewhere_since_is_not_connected_to(alder, worker, settings):
    settings.WORKER_NETWORKS = []
    assert "127.0.0.1 is not public" in refused(alder)
    settings.WORKER_NETWORKS = None  # the check of the address is not what stops it
    from ipaddress import ip_network  # noqa: PLC0415

    settings.WORKER_NETWORKS = [ip_network("::1/128")]
    before = len(worker.app.requests)
    from inference.probing import probe_all  # noqa: PLC0415

    probe_all()
    assert not Worker.objects.get().healthy
    assert len(worker.app.requests) == before


def test_another_model_in_its_place_is_noticed(alder, worker, settings):
    register(alder)
    asked = Registration.objects.get()
    settings.CANARY_SECONDS = 0
    check_all()
    asked.refresh_from_db()
    assert asked.repeated_at is not None
    assert (drifts(asked), is_another(asked)) == ([], False)
    worker.app.opening = "Well,"
    check_all()
    found = drifts(asked)
    assert [(one.times, one.of, one.now) for one in found] == [(1, 2, True)] * 5
    assert found[0].answers[0].startswith("Well, List the capitals")
    assert is_another(asked)
    # What was there stays on record when it is itself again.
    worker.app.opening = ""
    check_all()
    assert [(one.times, one.of, one.now) for one in drifts(asked)] == [(1, 3, False)] * 5
    assert not is_another(asked)


def test_canaries_wait_for_a_worker_with_much_to_do(alder, worker, settings):
    register(alder)
    settings.CANARY_SECONDS = 0

    async def busy():
        async with slot(alder.entry_id), slot(alder.entry_id):
            await asyncio.to_thread(apart, check_all)

    before = len(worker.app.requests)
    asyncio.run(busy())
    assert len(worker.app.requests) == before
    assert due().count() == 1
    assert not Canary.objects.filter(expected=False).exists()
    wait_until(lambda: worker.app.open_streams == 0)
