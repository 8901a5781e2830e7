"""Rulebooks with composite scores, for tests."""

from typing import Any

JANUARY: list[dict[str, Any]] = [
    {"name": "benchmark", "title": "Benchmarks", "title_ko": "벤치마크", "kind": "benchmark", "weight": "40"},
    {
        "name": "experts",
        "title": "Expert panel",
        "title_ko": "전문가 평가",
        "kind": "experts",
        "weight": "35",
        "marks": "panel",
        "places": 2,
    },
    {
        "name": "users",
        "title": "Expert users",
        "title_ko": "전문 사용자 평가",
        "kind": "users",
        "weight": "25",
        "marks": "panel",
        "places": 2,
    },
]
"""Korea's scoring of January 2026: 40 + 35 + 25."""

WEIGHED: list[dict[str, Any]] = [
    {
        "name": "benchmark",
        "title": "Benchmarks",
        "kind": "benchmark",
        "weight": "40",
        "parts": [
            {"name": "national", "title": "National", "points": "10"},
            {"name": "global", "title": "Global", "points": "20", "maximum": "100", "tests": ["maths", "code", "law"]},
            {"name": "own", "title": "Tests of its own", "points": "10", "own": True},
        ],
    },
    {"name": "experts", "title": "Expert panel", "title_ko": "전문가 평가", "kind": "experts", "weight": "35"},
    {"name": "arena", "title": "Public arena", "kind": "arena", "weight": "25"},
]
"""All kinds together, the arena among them."""


def composite(components: list[dict[str, Any]] = WEIGHED, **rules: Any) -> dict[str, Any]:
    return {"score": "composite", "components": components, **rules}


def with_one(place: int, **changes: Any) -> list[dict[str, Any]]:
    """The components, one of them changed."""
    return [one | changes if n == place else one for n, one in enumerate(WEIGHED)]
