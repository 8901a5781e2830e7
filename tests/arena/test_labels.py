"""What a battle was about and how its answers looked: by rules, for good, and without a word of its text."""

import subprocess
import sys

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from arena import labelling
from arena.erasing import erase_conversations
from arena.labels import Seen, labels_of
from arena.languages import language_of
from arena.models import Label, Turn, Vote, Voter
from arena.sequence import sweep
from leaderboard.export import export_round
from leaderboard.fold import fold
from tests.arena.test_erasing import erase
from tests.arena.test_gates import in_thread
from tests.conftest import ROOT
from tests.leaderboard.test_folding import cast

SHORT = {
    "ko": [
        "안녕",
        "왜 하늘은 파란가요?",
        "ㅋㅋㅋ",
        "GPT가 뭐야?",
        "파이썬으로 퀵소트 짜줘",
        "번역해 줘: The quick brown fox jumps",
    ],
    "en": [
        "hi",
        "ok",
        "Is 7 prime?",
        "explain recursion",
        "What does '사랑' mean?",
        "Put '나는 학교에 간다' into English",
    ],
    "und": ["1+1?", "🙂", "3.14 * 2 =", "???"],
    "ja": ["こんにちは", "日本の首都は?"],
    "zh": ["你好", "法国的首都是哪里?"],
    "fr": ["Bonjour", "Quelle est la capitale de la Corée ?"],
    "vi": ["Xin chào", "Bạn là ai?"],
    "es": ["hola amigo", "¿Cuál es la capital de Francia?"],
    "de": ["Guten Tag", "Schreib ein Gedicht"],
    "ru": ["привет", "кто ты?"],
}

PROMPTS = {
    "code": [
        "How do I sort a list in Python?",
        "정규식으로 이메일 찾는 법",
        "What does this do?\n```\nx = 1\n```",
        "SELECT name FROM users",
    ],
    "maths": [
        "1+1?",
        "x^2 = 4 를 풀어줘",
        "What is the derivative of sin?",
        "이 확률을 구해 줘",
        r"$\\frac{a}{b} = 2$",
    ],
    "writing": ["Write a short sad poem", "사과 편지를 정중하게 써 줘", "자기소개서 다듬어 줘", "Proofread this"],
    "long": ["왜 " * 250],
}
PLAIN = [
    "Why is the sky blue?",
    "시간표 만들어 줘",
    "2024-11-24에 무슨 일이 있었어?",
    "Who wrote it?",
    "다시 써 줘",
    "a - b",
]


def of(*prompts, a="", b=""):
    return labels_of([Seen(prompt, a, b) for prompt in prompts])


@pytest.mark.parametrize(("language", "prompts"), SHORT.items())
def test_a_prompt_of_a_few_words_has_its_language(language, prompts):
    assert {prompt: language_of(prompt) for prompt in prompts} == dict.fromkeys(prompts, language)


@pytest.mark.parametrize(("category", "prompts"), PROMPTS.items())
def test_a_category_is_found_by_its_rules(category, prompts):
    assert {prompt: [*of(prompt).categories] for prompt in prompts} == {key: [category] for key in prompts}


def test_an_everyday_question_is_in_no_category():
    assert {prompt: of(prompt).categories for prompt in PLAIN} == {key: {} for key in PLAIN}


def test_the_reason_is_the_names_of_rules_and_counts():
    found = of("Write a poem about Python", "```\nprint()\n```\nand 2 + 2", "더 길게 " * 125).categories
    assert found == {
        "code": {"fence": 1, "syntax": 1, "words": 1},
        "maths": {"arithmetic": 1},
        "writing": {"words": 1},
        "long": {"characters": 625},
        "multi_turn": {"turns": 3},
    }


def test_answers_do_not_choose_the_category():
    assert of("Why?", a="```python\nx = 1\n```", b="$x^2 = 4$").categories == {}


def test_style_counts_what_is_shown_and_no_code():
    a = "# Title\n\n- **one**\n- two\n3. three\n```sh\n# comment\n- no item\n```\n#nothing"
    assert of("Why?", a=a, b="plain").style == {
        "length": [len(a), 5],
        "headers": [1, 0],
        "lists": [3, 0],
        "bold": [1, 0],
    }


@settings(deadline=None, derandomize=True, database=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_there_is_no_text_without_labels(prompt, reply):
    found = of(prompt, a=reply)
    assert 2 <= len(found.language) <= 3
    assert found == of(prompt, a=reply)


def test_a_label_is_there_with_the_position_and_the_vote_waits_for_neither(visitor, contest):
    duel = visitor.start()
    duel.ask("Write a poem")
    duel.ask("다시 한 번 더")
    duel.vote("a")
    assert not Label.objects.exists()
    sweep(contest.gate_id)
    label = Label.objects.get()
    assert (str(label.battle_id), label.rules, label.language) == (duel.id, 1, "ko")
    assert label.categories == {"writing": {"words": 1}, "multi_turn": {"turns": 2}}
    assert Vote.objects.get().position == 1


def test_a_label_is_never_changed(visitor, contest):
    duel = visitor.start()
    duel.ask("hi")
    duel.vote("a")
    fold(contest)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Label.objects.update(language="ko")


def test_text_erased_right_after_the_vote_is_labelled_as_if_it_were_there(visitor, contest, tmp_path):
    for erased in (True, False):
        duel = visitor.start()
        duel.ask("Write a poem")
        duel.vote("a")
        if erased:
            assert erase(visitor) == 1
    fold(contest)
    first, second = Label.objects.order_by("battle__created_at").values_list("language", "categories", "style")
    assert first == second == ("en", {"writing": {"words": 1}}, second[2])
    before = [file.read_bytes() for file in export_round(contest, tmp_path / "before")]
    assert erase(visitor) == 1
    fold(contest)
    assert [file.read_bytes() for file in export_round(contest, tmp_path / "after")] == before


def test_a_battle_without_text_says_that_nothing_is_known_of_it(visitor, contest):
    duel = visitor.start()
    duel.ask("hi")
    duel.vote("a")
    erase(visitor)
    Label.objects.all().delete()  # as if it had been erased before there were labels
    fold(contest)
    label = Label.objects.get()
    assert (label.language, label.categories, label.style) == (None, None, None)
    assert Vote.objects.get().position == 1


def test_a_text_that_breaks_a_rule_holds_nobody_up(visitor, contest, monkeypatch, caplog):
    def broken(turns):
        raise RuntimeError("beyond the rules")

    monkeypatch.setattr(labelling, "labels_of", broken)
    duel = visitor.start()
    duel.ask("hi")
    duel.vote("a")
    fold(contest)
    assert Vote.objects.get().position == 1
    assert Label.objects.get().language is None
    assert duel.id in caplog.text


def test_erasing_and_labelling_at_once_lose_no_label_and_hold_each_other_up_no_longer_than_they_must(contest):
    """Both write the label, whoever comes first; neither may see the text gone and no label there."""
    voters = [Voter.objects.create() for _ in range(6)]
    for n in range(120):
        vote = cast(contest, "alder", "birch", "a", voter=voters[n % 6])
        text = [{"type": "text", "text": "Write a poem"}]
        Turn.objects.create(battle=vote.battle, number=1, state="complete", prompt=text, ended_at=timezone.now())
    broken = []

    def work(job, *args):
        try:
            job(*args)
        except Exception as why:
            broken.append(why)
            raise

    started = [in_thread(lambda: work(sweep, contest.gate_id)) for _ in range(2)]
    started += [in_thread(lambda voter=voter: work(erase_conversations, voter.id)) for voter in voters]
    for thread in started:
        thread.join(60)
    assert not broken
    sweep(contest.gate_id)
    assert Vote.objects.filter(position__isnull=False).count() == 120
    assert Turn.objects.filter(erased_at=None).count() == 0
    assert {*Label.objects.values_list("language", flat=True)} == {"en"}
    assert Label.objects.count() == 120


def test_the_library_is_loaded_by_who_labels_and_nobody_else():
    look = "import django, sys; django.setup(); import config.asgi, arena.labelling; print('lingua' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, check=True, text=True)
    assert told.stdout == "False\n"
