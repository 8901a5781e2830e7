"""The components of a score in the console's form of a draft."""

import pytest

from leaderboard.models import Round
from leaderboard.rulebook import in_force
from tests.console.test_rounds import HOME, drafted, entries, form, said, send  # noqa: F401
from tests.leaderboard.scored import WEIGHED

pytestmark = pytest.mark.django_db(transaction=True)

BLOCKS = {
    "score": "composite",
    "component-0-name": "benchmark",
    "component-0-title": "Benchmarks",
    "component-0-kind": "benchmark",
    "component-0-weight": "40",
    "component-0-parts": "national; 10; National\nglobal; 20; Global; ; 100; maths, code law\n"
    "own; 10; Tests of its own;;;;own",
    "component-1-name": "experts",
    "component-1-title": "Expert panel",
    "component-1-title_ko": "전문가 평가",
    "component-1-kind": "experts",
    "component-1-weight": "35",
    "tie_chain": ["component", "beacon", ""],
    "tie_component": "experts",
}
THIRD = {
    "component-2-name": "arena",
    "component-2-title": "Public arena",
    "component-2-kind": "arena",
    "component-2-weight": "25",
    "component-2-normalisation": "min-max",
}


def test_a_composite_is_written_in_the_form_and_read_back(drafted):  # noqa: F811
    refused = send(drafted, f"{HOME}/draft", **BLOCKS)
    assert refused.status_code == 409
    assert "their weights add up to 75, and the whole is 100" in said(refused)
    assert form(refused)["component-0-parts"][0].startswith("national; 10; National")
    assert in_force(Round.objects.get()).score == "arena"
    assert "The draft is changed." in said(send(drafted, f"{HOME}/draft", refused, **THIRD))
    rules = in_force(Round.objects.get())
    wanted = [{**one, "parts": one.get("parts", [])} for one in WEIGHED]
    for one, meant in zip(rules.model_dump(mode="json")["components"], wanted, strict=True):
        for key, value in meant.items():
            if key == "parts" and value:
                assert [part["name"] for part in one[key]] == ["national", "global", "own"]
                assert one[key][1]["tests"] == ["maths", "code", "law"]
            elif value:
                assert one[key] == value
    again = form(drafted.get(f"{HOME}/draft"))
    assert again["component-2-kind"] == ["arena"]
    before = rules.canonical()
    send(drafted, f"{HOME}/draft", max_turns="3")
    kept = in_force(Round.objects.get())
    assert kept.canonical() == before.replace('"max_turns":6', '"max_turns":3')
    assert kept.tie_component == "experts"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"component-0-parts": "national; much"}, "parts.0.points"),
        ({"component-0-parts": "national; 40; a; b; 1; t; perhaps"}, "parts.0.own"),
        (
            {"component-0-parts": "national; 40; a; b; 1; t; own; more"},
            "there is no rule components.0.benchmark.parts.0.more",
        ),
        ({"component-1-kind": "jury"}, "components.1"),
        ({"component-2-normalisation": "points"}, "normalisation"),
        ({"tie_component": "luck"}, "there is no component luck"),
        ({"component-1-places": "many"}, "places"),
    ],
)
def test_what_makes_no_component_is_refused_and_stays_typed(drafted, changes, words):  # noqa: F811
    answer = send(drafted, f"{HOME}/draft", **(BLOCKS | THIRD | changes))
    assert answer.status_code == 409
    assert words in said(answer)
    for name, value in changes.items():
        if "kind" not in name and "normalisation" not in name:
            assert form(answer)[name] == [value]
