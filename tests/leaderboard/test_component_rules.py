"""A score of components is agreed on in the rulebook: checked as a whole, and told in words."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from frontend.rules import rules_in_words
from leaderboard.models import Round
from leaderboard.rulebook import BadRulebook, Rulebook, digest_of, in_force, read_rulebook, rulebook_bytes
from tests.conftest import make_contest
from tests.leaderboard.scored import JANUARY, WEIGHED, composite, with_one


def read(**rules):
    return read_rulebook(json.dumps(composite(**rules)))


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (composite(with_one(0, weight="35", parts=[])), "their weights add up to 95, and the whole is 100"),
        (composite(JANUARY, total="90"), "their weights add up to 100, and the whole is 90"),
        (composite([]), "a composite score is made of some"),
        ({"components": WEIGHED}, "the score of the arena of none"),
        (composite([*with_one(1, weight="10"), WEIGHED[2] | {"name": "more"}]), "the arena is one component at most"),
        (composite(with_one(1, name="arena")), "components: arena is named twice"),
        (composite(with_one(1, weight="0")), "weight: "),
        (composite(with_one(1, weight="NaN")), "weight: "),
        (composite(with_one(1, name="no slug")), "name: "),
        (composite(with_one(1, title="two\nlines")), "one line"),
        (composite(with_one(1, title="nul\0")), "one line"),
        (composite(with_one(1, title="")), "title: "),
        (composite(with_one(1, places=5)), "places: "),
        (composite(with_one(1, kind="jury")), "components.1: "),
        (composite(with_one(1, maximum="50")), "its scores are points, so that its maximum is its weight"),
        (composite(with_one(1, together="trimmed", fewest_judges=2)), "none is left"),
        (composite(with_one(2, maximum="50")), "there is no rule components.2.arena.maximum"),
        (composite(with_one(2, normalisation="points")), "normalisation: "),
        (composite(with_one(0, parts=WEIGHED[0]["parts"][:2])), "its parts give 30 points, and the whole is 40"),
        (composite(with_one(0, parts=WEIGHED[0]["parts"][:1] * 4)), "benchmark.parts: national is named twice"),
        (composite(tie_chain=["component"]), "here it is named which"),
        (composite(tie_component="experts"), "here it is named which"),
        (composite(tie_chain=["component"], tie_component="luck"), "there is no component luck"),
        ({"tie_chain": ["component"], "tie_component": "x"}, "no component beside the score of the arena"),
    ],
)
def test_components_that_make_no_score_are_refused_by_name(rules, words):
    with pytest.raises(BadRulebook, match=words):
        read_rulebook(json.dumps(rules))


def test_a_rulebook_of_before_components_reads_as_it_did_and_keeps_its_digest(contest):
    first = contest.rulebooks.get()
    old = {key: value for key, value in json.loads(first.content).items() if key not in NEW}
    assert len(old) == len(json.loads(first.content)) - len(NEW)
    text = json.dumps(old, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert read_rulebook(text) == in_force(contest)
    contest.rulebooks.model.objects.create(
        round=contest, version=2, content=text, digest=digest_of(text), reason="As then.", terms=second_terms(contest)
    )
    assert rulebook_bytes(contest) == text.encode()
    answer = Client().get("/api/v1/rounds/1/rulebook")
    assert (answer.content, answer.headers["ETag"]) == (text.encode(), f'"{digest_of(text)}"')


NEW = ("components", "total", "total_places", "scores_public", "tie_component")


def second_terms(contest):
    return contest.gate.terms.model.objects.create(gate=contest.gate, version=2)


def test_a_canonical_composite_reads_back_as_itself():
    rules = read(tie_chain=["component", "beacon"], tie_component="experts")
    assert read_rulebook(rules.canonical()) == rules
    assert str(rules.components[0].parts[1].top) == "100"


def test_a_round_opens_by_components_and_keeps_them(transactional_db, worker, tmp_path):
    contest = make_contest(worker, 3, **composite())
    served = Client().get("/api/v1/rounds/1/rulebook").json()
    assert [one["name"] for one in served["components"]] == ["benchmark", "experts", "arena"]
    for change in ({"components": with_one(1, places=2)}, {"total_places": 2}, {"scores_public": "at_once"}):
        file = tmp_path / "rulebook.json"
        file.write_text(json.dumps(json.loads(rulebook_bytes(contest)) | change))
        with pytest.raises(CommandError, match=f"{next(iter(change))} may not change once the round is open"):
            call_command("amend_round", reason="Better so.", rulebook=file)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_of_rules_tells_what_is_added_up(transactional_db, worker, language):
    make_contest(worker, 3, **composite(tie_chain=["component", "beacon"], tie_component="experts"))
    page = Client().get("/rounds/1/rules", headers={"Accept-Language": language}).content.decode()
    told = {
        "en": ("Benchmarks 40, Expert panel 35, Public arena 25", "maths, code, law", "at least 3 judges"),
        "ko": ("전문가 평가 35", "시험 3개의 평균입니다: maths, code, law", "이 항목의 점수가 더 높은 쪽: 전문가 평가"),
    }
    for words in told[language]:
        assert words in page


def test_every_way_to_score_has_its_words():
    for changes in ({"marks": "panel"}, {"together": "trimmed"}, {"told": "names"}, {"told": "mean"}):
        said = str(rules_in_words(read(components=with_one(1, **changes))))
        assert said != str(rules_in_words(read()))
    ways = {"share": "maximum", "rank": "", "min-max": ""}
    said = {way: str(rules_in_words(read(components=with_one(1, normalisation=way)))) for way in ways}
    assert len(set(said.values())) == 3
    assert Rulebook().components == ()


def test_an_open_round_of_the_arena_does_not_become_a_composite(contest, tmp_path):
    file = tmp_path / "rulebook.json"
    file.write_text(json.dumps(json.loads(rulebook_bytes(contest)) | composite()))
    with pytest.raises(CommandError, match="score, components may not change once the round is open"):
        call_command("amend_round", reason="Better so.", rulebook=file)
    assert in_force(Round.objects.get()).score == "arena"
