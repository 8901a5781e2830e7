"""Boards by the kind of question, and without style: from the same votes, with every edition, no part of the cut."""

import json
import random

import pytest
from django.utils import timezone

from arena.models import Turn
from leaderboard import style
from leaderboard.boards import board
from leaderboard.breakdown import breakdown
from leaderboard.export import export_board
from leaderboard.fold import fold
from leaderboard.models import Actor, Board, ByCategory, Folded, RoundState, StyleBoard
from leaderboard.rounds import close_round
from leaderboard.states import move
from leaderboard.tasks import control_styles
from rating.command import main as rating_command
from tests.conftest import make_contest
from tests.leaderboard.test_folding import cast

SLUGS = ("alder", "birch", "cedar", "dogwood")
QUESTIONS = {
    "ko": "왜 하늘은 파란가요?",
    "en": "Why is the sky blue?",
    "other": "Pourquoi le ciel est-il bleu ?",
    "code": "How do I sort a list in Python?",
}


@pytest.fixture
def contest(transactional_db, worker):
    """A round whose board freezes a day before its end."""
    return make_contest(worker, 4, freeze_hours=24)


def say(vote, question, a="Because.", b="Because."):
    """What was said in a battle, written down after it: the vote has no position yet."""
    parts = [[{"type": "text", "text": text}] for text in (question, a, b)]
    fields = dict(zip(("prompt", "reply_a", "reply_b"), parts, strict=True))
    Turn.objects.create(battle=vote.battle, number=1, state="complete", ended_at=timezone.now(), **fields)


def cast_on(contest, question, times=1, *, reverse=False):
    """Every pair, the first in the alphabet the better one, but now and then the other."""
    order = SLUGS[::-1] if reverse else SLUGS
    for count in range(times):
        for i, first in enumerate(order):
            for second in order[i + 1 :]:
                say(cast(contest, first, second, "b" if count % 4 == 3 else "a"), question)


def told(visitor, category, status=200, **asked):
    answer = visitor.http.get("/api/v1/board", params={"category": category, **asked})
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def opinions(contest):
    """In Korean everybody ranks A to D, on code the other way round; there are two French votes."""
    cast_on(contest, QUESTIONS["ko"], 5)
    cast_on(contest, QUESTIONS["code"], 4, reverse=True)
    for winner in "ab":
        say(cast(contest, "alder", "birch", winner), QUESTIONS["other"])
    cast(contest, "alder", "birch", "a", counted=False)
    cast(contest, "alder", "cedar", "a")  # of which no text was kept
    fold(contest)
    return contest


def test_a_category_ranks_by_the_votes_on_its_questions_alone(visitor, opinions):
    assert [row["slug"] for row in told(visitor, "ko")["standings"]] == [*SLUGS]
    code = told(visitor, "code")
    assert [row["slug"] for row in code["standings"]] == [*SLUGS[::-1]]
    assert (code["votes"], code["number"], code["category"]) == (24, 2, "code")
    assert [row["votes"] for row in code["standings"]] == [12] * 4
    assert all(row["rank_low"] <= row["rank"] <= row["rank_high"] for row in code["standings"])
    assert told(visitor, "en")["votes"] == 24
    assert visitor.http.get("/api/v1/board").json()["votes"] == 57


def test_a_category_with_few_votes_claims_no_ranks(visitor, opinions):
    few = told(visitor, "other")
    assert (few["votes"], few["votes_needed"], few["standings"]) == (2, 4, None)
    assert told(visitor, "maths")["standings"] is None


def test_an_entry_with_few_votes_of_a_category_has_no_rank_there(visitor, contest):
    for _ in range(3):
        for first, second, winner in (("alder", "birch", "a"), ("birch", "cedar", "a"), ("alder", "cedar", "b")):
            say(cast(contest, first, second, winner), QUESTIONS["ko"])
    say(cast(contest, "dogwood", "alder", "a"), QUESTIONS["ko"])
    for winner in "abab":
        cast(contest, "dogwood", "alder", winner)
    fold(contest)
    last = told(visitor, "ko")["standings"][-1]
    assert (last["slug"], last["rank"], last["votes"]) == ("dogwood", None, 1)
    assert [row["rank"] for row in told(visitor, "ko")["standings"]] == [1, 2, 3, None]


def test_who_never_met_on_such_questions_is_not_ranked(visitor, contest):
    cast_on(contest, QUESTIONS["ko"], 4)
    for winner in "abab":
        say(cast(contest, "alder", "birch", winner), QUESTIONS["other"])
        say(cast(contest, "cedar", "dogwood", winner), QUESTIONS["other"])
    fold(contest)
    assert (told(visitor, "other")["votes"], told(visitor, "other")["standings"]) == (8, None)


def test_in_many_folds_or_one_a_category_is_the_same(visitor, contest):
    for _ in range(4):
        cast_on(contest, QUESTIONS["ko"], reverse=bool(random.Random(4).getrandbits(1)))
        cast_on(contest, QUESTIONS["code"])
        fold(contest)
    before = {category: told(visitor, category) for category in ("ko", "code", "style")}
    # Nothing kept, as after an upgrade: counted from the ballots.
    Folded.objects.update(by_category=b"")
    say(cast(contest, "alder", "birch", "a"), QUESTIONS["en"])
    fold(contest)
    for category in ("ko", "code"):
        assert told(visitor, category)["standings"] == before[category]["standings"]


def test_what_has_no_new_votes_is_not_rated_again(contest, opinions, monkeypatch):
    say(cast(contest, "alder", "birch", "a"), QUESTIONS["ko"])
    rated = []
    monkeypatch.setattr("leaderboard.categories.fit", lambda tally, **how: rated.append(tally) or pytest.fail("rated"))
    with pytest.raises(pytest.fail.Exception):
        fold(contest)
    assert len(rated) == 1


def test_an_edition_keeps_its_categories(visitor, opinions):
    before = ByCategory.objects.get(board__number=2).content
    cast_on(opinions, QUESTIONS["ko"], 3, reverse=True)
    fold(opinions)
    assert ByCategory.objects.get(board__number=2).content == before
    assert told(visitor, "ko")["number"] == 3


def test_a_frozen_edition_pins_its_categories_and_its_board_without_style(visitor, long_answers):
    control_styles()
    fold(long_answers, anyway=True)
    move(long_answers, RoundState.FROZEN, by=Actor.COMMAND, reason="As agreed.")
    before = [told(visitor, category) for category in ("ko", "style")]
    assert all(one["standings"] for one in before)
    for _ in range(2):
        cast_on(long_answers, QUESTIONS["ko"], 3, reverse=True)
        fold(long_answers)
        control_styles()
    assert StyleBoard.objects.count() == 3
    assert [told(visitor, category) for category in ("ko", "style")] == before


def recomputed(folder, capsys, *flags):
    capsys.readouterr()
    assert rating_command(["fit", str(folder / "ballots.jsonl.gz"), *map(str, flags), "--json"]) == 0
    return {player["name"]: player for player in json.loads(capsys.readouterr().out)["players"]}


def test_an_outsider_computes_the_same_category(visitor, opinions, tmp_path, capsys):
    edition = Board.objects.latest("number")
    export_board(edition, tmp_path)
    shown = told(visitor, "code")
    config = tmp_path / "category.json"
    config.write_text(json.dumps(shown))
    players = recomputed(tmp_path, capsys, "--config", config)
    for row in shown["standings"]:
        for field in ("rating", "low", "high", "rank", "rank_low", "rank_high", "votes"):
            assert players[row["slug"]][field] == pytest.approx(row[field], abs=1e-6), (row["slug"], field)


def test_an_unknown_category_is_refused_in_words(visitor, opinions):
    refusal = told(visitor, "poetry", status=400)
    assert refusal["code"] == "unknown_category"
    assert "multi_turn" in refusal["message"]
    assert told(visitor, "ko", status=404, series="nowhere")["code"] == "no_such_series"


def test_before_the_first_vote_a_category_is_empty(visitor, contest):
    assert (told(visitor, "ko")["votes"], told(visitor, "ko")["standings"]) == (0, None)
    assert (told(visitor, "style")["votes"], told(visitor, "style")["standings"]) == (0, None)


def test_an_answer_that_is_known_already_is_not_sent_again(visitor, opinions):
    first = visitor.http.get("/api/v1/board?category=ko")
    tag = {"If-None-Match": first.headers["etag"]}
    assert visitor.http.get("/api/v1/board?category=ko", headers=tag).status_code == 304
    assert visitor.http.get("/api/v1/board?category=en", headers=tag).status_code == 200
    assert visitor.http.get("/api/v1/board", headers=tag).status_code == 200
    cast_on(opinions, QUESTIONS["en"])
    fold(opinions)
    assert visitor.http.get("/api/v1/board?category=ko", headers=tag).status_code == 200


LONG = "A long answer, with **much** in it.\n\n- one\n- two\n" * 8


@pytest.fixture
def long_answers(contest):
    """Alder writes much, and people vote for the longer answer; Dogwood is as good, and brief."""
    rng = random.Random(7)
    for _ in range(60):
        first, second = rng.sample(SLUGS, 2)
        looks = [LONG if slug == "alder" or rng.random() < 0.3 else "Brief." for slug in (first, second)]
        looks = [text + rng.choice(["", "\n- three", " **So!**"]) + " Yes." * rng.randrange(5) for text in looks]
        longer = "a" if len(looks[0]) > len(looks[1]) else "b" if len(looks[1]) > len(looks[0]) else rng.choice("ab")
        say(cast(contest, first, second, longer if rng.random() < 0.9 else "tie"), "왜?", *looks)
    fold(contest)
    return contest


def test_without_style_the_writer_of_long_answers_is_no_better(visitor, long_answers, tmp_path, capsys):
    assert told(visitor, "style")["standings"] is None
    control_styles()
    assert told(visitor, "style")["standings"] is None, "an edition stays as it was published"
    fold(long_answers, anyway=True)
    shown = told(visitor, "style")
    rows = {row["slug"]: row for row in shown["standings"]}
    assert rows["alder"]["raw_rating"] - rows["alder"]["rating"] > 50
    assert (shown["votes"], shown["position"], rows["alder"]["raw_rank"]) == (60, 60, 1)
    assert shown["things"][0]["low"] > 1
    export_board(Board.objects.latest("number"), tmp_path)
    config = tmp_path / "style.json"
    config.write_text(json.dumps(shown))
    players = recomputed(tmp_path, capsys, "--config", config)
    assert {slug: players[slug]["rating"] for slug in rows} == pytest.approx(
        {slug: row["rating"] for slug, row in rows.items()}, abs=1e-5
    )
    raw = recomputed(tmp_path, capsys)
    assert raw["alder"]["rating"] == pytest.approx(rows["alder"]["raw_rating"], abs=1e-5)


def test_style_is_read_on_from_where_it_was_and_fitted_when_it_is_worth_it(long_answers):
    control_styles()
    control_styles()
    assert StyleBoard.objects.count() == 1
    say(cast(long_answers, "alder", "birch", "b"), "왜?", LONG, "Brief.")
    fold(long_answers)
    control_styles()
    here = StyleBoard.objects.latest("position")
    assert here.position == 61
    StyleBoard.objects.filter(pk=here.pk).delete()
    style._looks.clear()  # another process, which has read nothing yet
    control_styles()
    assert StyleBoard.objects.latest("position").content == here.content


def test_a_call_reads_no_more_than_it_should(long_answers, monkeypatch):
    monkeypatch.setattr(style, "MOST_READ", 25)
    style._looks.clear()
    control_styles()
    control_styles()
    assert not StyleBoard.objects.exists()
    control_styles()
    assert StyleBoard.objects.get().position == 60


def test_answers_that_all_look_alike_make_no_board_without_style(visitor, contest):
    cast_on(contest, QUESTIONS["ko"], 4)
    fold(contest)
    control_styles()
    assert not StyleBoard.objects.exists()


def test_categories_do_not_touch_the_cut(opinions):
    assert [entry.slug for entry in close_round(opinions).eliminated] == [board("round-1")["standings"][-1]["slug"]]
    assert ByCategory.objects.count() == Board.objects.count() - 1  # the first has no votes


def test_the_queries_of_a_category_do_not_grow_with_votes(visitor, opinions, django_assert_num_queries):
    with django_assert_num_queries(5) as few:
        breakdown("round-1", "ko")
    cast_on(opinions, QUESTIONS["ko"], 3)
    fold(opinions)
    with django_assert_num_queries(len(few)):
        breakdown("round-1", "ko")
