"""A battle through the door a script uses: a post, a socket, a vote."""

import json
from contextlib import ExitStack

import pytest
from django.conf import settings
from websockets.exceptions import InvalidStatus

from arena.limits import limiter
from arena.models import Battle, Report, Turn, Vote
from tests.conftest import Worker
from tests.servers import wait_until
from tests.visitor import prompted, receive, send, texts, until_ended


def test_both_sides_answer_and_then_a_vote_is_possible(visitor):
    duel = visitor.start()
    frames = duel.ask("one two three")
    assert texts(frames) == {"a": "one two three", "b": "one two three"}
    assert [frame["type"] for frame in frames[-3:]] == ["done", "done", "ready"]
    turn = Turn.objects.get()
    assert (turn.told_a["tokens"], turn.told_b["tokens"], turn.told_a["finish"]) == (3, 3, "stop")
    receipt = duel.vote("a")
    assert receipt.status_code == 201
    assert receipt.json()["counted"] is True
    assert set(receipt.json()["names"]) == {"a", "b"}


def test_ticks_are_numbered_from_one_without_gaps(visitor):
    frames = visitor.start().ask("one two three four")
    ticks = [frame["tick"] for frame in frames if frame["type"] == "token"]
    assert ticks == list(range(1, len(ticks) + 1))


def test_an_answer_that_the_limit_ended_says_so_then_and_after_a_reload(visitor):
    duel = visitor.start()
    frames = duel.ask("!limit=2 one two three")
    assert frames[-3:-1] == [{"type": "done", "side": side, "cut": True} for side in ("a", "b")]
    assert duel.state()["turns"][0]["cut"] == ["a", "b"]
    duel.ask("whole")
    assert [turn["cut"] for turn in duel.state()["turns"]] == [["a", "b"], []]


def test_no_byte_before_the_vote_tells_a_name(visitor, worker):
    duel = visitor.start()
    said = json.dumps(duel.ask("who are you"))
    said += visitor.http.get(f"/battles/{duel.id}").text
    battle = Battle.objects.get(id=duel.id)
    for entry in (battle.entry_a, battle.entry_b):
        assert entry.name not in said
        assert entry.slug not in said
    assert duel.state()["names"] is None
    duel.vote("tie")
    assert duel.state()["names"]["a"] == {"slug": battle.entry_a.slug, "name": battle.entry_a.name}


def test_a_follow_up_remembers_the_conversation(visitor, worker):
    duel = visitor.start()
    duel.ask("first words")
    duel.ask("second words")
    roles = [(message["role"], message["content"]) for message in worker.app.requests[-1]["messages"]]
    assert roles == [("user", "first words"), ("assistant", "first words"), ("user", "second words")]
    assert [turn["number"] for turn in duel.state()["turns"]] == [1, 2]


def test_both_sides_are_sampled_alike(visitor, worker):
    visitor.start().ask("hello")
    one, other = worker.app.requests
    assert {key: value for key, value in one.items() if key != "model"} == {
        key: value for key, value in other.items() if key != "model"
    }
    assert one["model"] != other["model"]


def test_a_second_prompt_while_answers_stream_is_refused_and_loses_nothing(visitor):
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "!words=20 !delay=0.05"})
        send(socket, {"type": "prompt", "text": "me too"})
        frames = until_ended(socket)
        assert frames[-1]["code"] == "still_answering"
        frames += until_ended(socket)
    assert texts(frames)["a"].split() == [f"word{n}" for n in range(20)]
    assert Turn.objects.filter(battle_id=duel.id).count() == 1


def test_stop_is_heard_mid_stream_and_hangs_up_on_both_workers(visitor, worker: Worker):
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "!endless !delay=0.02"})
        while receive(socket)["type"] != "token":
            pass
        send(socket, {"type": "stop"})
        assert until_ended(socket)[-1] == {"type": "ready"}
    wait_until(lambda: worker.app.open_streams == 0)
    assert worker.app.hung_up == 2
    assert duel.state()["turns"][0]["state"] == "stopped"
    assert duel.vote("b").status_code == 201


def test_a_stop_on_the_heels_of_its_prompt_is_heard(visitor):
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "!endless !delay=0.02"})
        send(socket, {"type": "stop"})
        assert until_ended(socket)[-1]["type"] in {"void", "ready"}


def test_stop_when_nobody_answers_is_refused(visitor):
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "stop"})
        assert receive(socket)["code"] == "not_answering"


def test_stop_before_any_words_makes_the_battle_void(visitor):
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "!silent"})
        wait_until(lambda: Turn.objects.filter(battle_id=duel.id).exists())
        wait_until(lambda: send(socket, {"type": "stop"}) or receive(socket)["type"] == "void")
    assert duel.state()["state"] == "void"
    assert duel.vote("a").status_code == 409


def test_a_stream_that_nobody_watches_hangs_up(visitor, worker, settings):
    settings.ABANDON_SECONDS = 3
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": "!endless !delay=0.02"})
        while receive(socket)["type"] != "token":
            pass
    wait_until(lambda: worker.app.open_streams == 0)
    wait_until(lambda: duel.state()["turns"][0]["state"] == "stopped")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_prompt"),
        (" \n\t\u200b\u2066", "empty_prompt"),
        ("x" * 4001, "prompt_too_long"),
        ("\x00\x01binary", "unreadable_prompt"),
    ],
)
def test_a_prompt_that_cannot_be_asked_is_refused_in_words(visitor, text, code):
    duel = visitor.start()
    with duel.socket() as socket:
        send(socket, {"type": "prompt", "text": text})
        refused = receive(socket)
    assert (refused["type"], refused["code"]) == ("refused", code)
    assert refused["message"]
    assert not Turn.objects.exists()


@pytest.mark.parametrize(
    "text", ["שלום עולם מה שלומך", "대한민국의 수도는?", "x" * 4000, "👩‍👩‍👧 é \U0001f1f0\U0001f1f7"]
)
def test_any_text_of_any_script_is_answered_as_it_was_asked(visitor, text):
    assert texts(visitor.start().ask(text)) == {"a": text, "b": text}


@pytest.mark.parametrize(
    "rubbish", ["", "{", "[]", "null", '{"type": "vote"}', '{"type": "prompt"}', '{"type": "resume", "after": "1"}',
                '{"type": "stop", "more": 1}', '{"type":"resume","after":-1}']
)  # fmt: skip
def test_a_frame_of_rubbish_is_refused_and_the_socket_lives(visitor, rubbish):
    duel = visitor.start()
    with duel.socket() as socket:
        socket.send(rubbish)
        assert receive(socket)["code"] == "bad_frame"
        socket.send(b"\x00\xff")
        assert receive(socket)["code"] == "bad_frame"
        send(socket, {"type": "prompt", "text": "still here"})
        assert until_ended(socket)[-1]["type"] == "ready"


def test_a_flood_of_frames_is_told_when_to_come_back(visitor):
    with visitor.start().socket() as socket:
        for _ in range(11):
            send(socket, {"type": "stop"})
        codes = [receive(socket) for _ in range(11)]
    assert [frame["code"] for frame in codes] == ["not_answering"] * 10 + ["too_many"]
    assert "second" in codes[-1]["message"]


def test_the_last_turn_is_announced_as_such(visitor, contest):
    contest.gate.terms.update(max_turns=1)
    duel = visitor.start()
    duel.ask("once")
    assert duel.ask("twice")[-1]["code"] == "no_turns_left"


def test_anothers_battle_does_not_exist(visitor, newcomer):
    duel = visitor.start()
    duel.ask("mine")
    stranger = newcomer()
    assert stranger.http.get(f"/battles/{duel.id}").status_code == 404
    assert stranger.post(f"/battles/{duel.id}/vote", {"winner": "a"}).status_code == 404
    with stranger.socket(duel.path) as socket:
        assert receive(socket)["code"] == "not_your_battle"
    assert not Vote.objects.exists()


def test_a_socket_needs_the_sites_own_origin_and_the_visitors_cookie(visitor, newcomer):
    duel = visitor.start()
    with pytest.raises(InvalidStatus), visitor.socket(duel.path, origin="http://evil.example"):
        pass
    with pytest.raises(InvalidStatus), visitor.socket(duel.path, origin=visitor.base.rsplit(":", 1)[0] + ":1"):
        pass
    nobody = newcomer()
    del nobody.http.cookies["visitor"]
    nobody.http.cookies.set("visitor", "11111111-1111-1111-1111-111111111111:forged")
    with pytest.raises(InvalidStatus), nobody.socket(duel.path):
        pass


def test_a_post_without_token_or_from_elsewhere_is_refused(visitor):
    assert visitor.http.post("/battles").json()["code"] == "csrf"
    assert visitor.post("/battles", Origin="http://evil.example").status_code == 403
    assert not Battle.objects.exists()


def test_without_the_visitor_cookie_there_is_no_battle(visitor):
    del visitor.http.cookies["visitor"]
    answer = visitor.post("/battles")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_visitor")


def test_too_many_battles_are_told_when_to_come_back(visitor, settings):
    settings.BATTLES_PER_VISITOR = 2
    visitor.start()
    visitor.start()
    answer = visitor.post("/battles")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "minute" in answer.json()["message"]


def test_no_address_stands_in_the_counts(visitor):
    visitor.start()
    store = limiter(settings.LIMITS_STORAGE).storage
    keys = store.events if settings.LIMITS_STORAGE == "memory://" else store.storage.scan_iter("*battle-address*")
    counts = [key for key in map(str, keys) if "battle-address" in key]
    assert counts
    assert not any("127.0.0.1" in key for key in counts)


def test_limits_that_cannot_be_counted_stop_nobody(visitor, settings, caplog):
    settings.LIMITS_STORAGE = "redis://127.0.0.1:9"
    assert visitor.post("/battles").status_code == 201
    assert "limits are off" in caplog.text


def test_refusals_speak_the_visitors_language(newcomer):
    visitor = newcomer("ko")
    answer = visitor.post("/battles/00000000-0000-4000-8000-000000000000/vote", {"winner": "a"})
    assert answer.json()["message"] == "이 기기에는 그런 대결이 없습니다."


def test_ten_tabs_of_one_battle_see_the_same(visitor):
    duel = visitor.start()
    with ExitStack() as tabs:
        sockets = [tabs.enter_context(duel.socket()) for _ in range(10)]
        for socket in sockets:
            send(socket, {"type": "resume", "after": 0})
        prompted(sockets[0], "!words=10 !delay=0.02")
        seen = [until_ended(socket) for socket in sockets]
    assert all(frames == seen[0] for frames in seen)
    assert texts(seen[0])["b"].endswith("word9")


def test_a_report_is_kept(visitor):
    duel = visitor.start()
    duel.ask("hello")
    answer = visitor.post(f"/battles/{duel.id}/report", {"side": "a", "text": "It told its name."})
    assert answer.status_code == 201
    assert Report.objects.get().text == "It told its name."
    assert visitor.post(f"/battles/{duel.id}/report", {"side": "c"}).status_code == 400
    assert visitor.post(f"/battles/{duel.id}/report", {"side": ["a"], "text": {}}).status_code == 400
    headers = {"X-CSRFToken": visitor.http.cookies["csrftoken"], "Origin": visitor.base}
    odd = b'{"side": "b", "text": "a\\u0000b\\ud800c"}'
    assert visitor.http.post(f"/battles/{duel.id}/report", content=odd, headers=headers).status_code == 201
    assert Report.objects.get(side="b").text == "abc"
    visitor.post(f"/battles/{duel.id}/report", {"side": "b", "text": "It asked me to call 010-1234-5678."})
    assert Report.objects.get(side="b").text == "It asked me to call [phone]."
