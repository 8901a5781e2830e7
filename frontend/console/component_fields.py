"""The components of a score as a form: one block each, parts of a benchmark as lines, and back to rules."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leaderboard.rulebook import Rulebook

SPARE = 2  # blocks that wait to be filled in
EMPTY = {"places": "1", "fewest_judges": "3"}
MOST = 20
PART = ("name", "points", "title", "title_ko", "maximum", "tests", "own")
KINDS = (
    ("benchmark", _("Benchmark")),
    ("experts", _("Expert panel")),
    ("users", _("User panel")),
    ("arena", _("The arena")),
)
NORMALISATIONS = (
    ("points", _("Scores are points")),
    ("share", _("Share of the maximum")),
    ("min-max", _("Between the lowest and the highest")),
    ("rank", _("By rank")),
)
MARKS = (("judges", _("Each judge marks")), ("panel", _("One mark of the whole panel")))
HOW = (("mean", _("Mean")), ("trimmed", _("Mean without highest and lowest")))
TOLD = (
    ("pseudonyms", _("Pseudonyms and their marks")),
    ("names", _("Names and their marks")),
    ("mean", _("Only what all say together")),
)
SCORES = (("arena", _("The rating in the arena")), ("composite", _("The total of components")))
PUBLIC = (("result", _("Together with the result")), ("at_once", _("As they are entered")))
SCORE_FIELDS = ("score", "total", "total_places", "scores_public")
# Which of a block's fields a component of this kind has; the others are left out of the rulebook.
OF_KIND: Mapping[str, tuple[str, ...]] = {
    "benchmark": ("normalisation", "maximum", "parts"),
    "experts": ("normalisation", "maximum", "marks", "together", "fewest_judges", "told"),
    "users": ("normalisation", "maximum", "marks", "together", "fewest_judges", "told"),
    "arena": ("normalisation",),
}
COMMON = ("kind", "name", "title", "title_ko", "weight", "places")
WHOLE = ("places", "fewest_judges", "total_places")


def scoring_shown(rules: Rulebook, typed: QueryDict | None = None) -> dict[str, Any]:
    """The form's fields, filled with the rules or with what was typed instead."""
    told = rules.model_dump(mode="json")
    if typed is None:
        values = {name: told[name] for name in SCORE_FIELDS}
        blocks = [shown_component(one) for one in told["components"]]
    else:
        values = {name: typed.get(name, told[name]) for name in SCORE_FIELDS}
        blocks = [block for place in range(MOST) if (block := block_typed(typed, place))["name"]]
    return {
        "values": values,
        "blocks": [*blocks, *[EMPTY] * SPARE][:MOST],
        "kinds": KINDS,
        "normalisations": NORMALISATIONS,
        "marks": MARKS,
        "together": HOW,
        "told": TOLD,
        "scores": SCORES,
        "public": PUBLIC,
    }


def shown_component(told: Mapping[str, Any]) -> dict[str, Any]:
    """A component of a rulebook as the form's block has it."""
    parts = told.get("parts", ())
    return {
        **EMPTY,
        **told,
        "maximum": told.get("maximum") or "",
        "parts": "\n".join(part_line(part) for part in parts),
    }


def part_line(part: Mapping[str, Any]) -> str:
    cells = {**part, "maximum": part["maximum"] or "", "tests": " ".join(part["tests"]), "own": "own" * part["own"]}
    return "; ".join(str(cells[name]) for name in PART).rstrip("; ")


def block_typed(typed: QueryDict, place: int) -> dict[str, str]:
    names = {*COMMON, *(name for of_kind in OF_KIND.values() for name in of_kind)}
    return {name: (typed.get(f"component-{place}-{name}") or "").strip() for name in names}


def typed_components(typed: QueryDict) -> dict[str, Any]:
    """The rules about the score that a posted form means; what is wrong is the rulebook's to say."""
    if "score" not in typed:
        return {}
    told: dict[str, Any] = {name: number(name, str(typed.get(name, ""))) for name in SCORE_FIELDS if name in typed}
    blocks = [block_typed(typed, place) for place in range(MOST)]
    return told | {"components": [meant(block) for block in blocks if block["name"]]}


def meant(block: Mapping[str, str]) -> dict[str, Any]:
    """The component that a block means; what is left empty is as usual."""
    wanted = (*COMMON, *OF_KIND.get(block["kind"], ()))
    found: dict[str, Any] = {name: number(name, block[name]) for name in wanted if block[name] or name == "title_ko"}
    if "parts" in found:
        found["parts"] = [meant_part(line) for line in block["parts"].splitlines() if line.strip()]
    return found


def meant_part(line: str) -> dict[str, Any]:
    cells = [cell.strip() for cell in line.split(";")]
    found: dict[str, Any] = {name: cell for name, cell in zip(PART, cells, strict=False) if cell}
    if len(cells) > len(PART):
        found["more"] = "; ".join(cells[len(PART) :])
    if "tests" in found:
        found["tests"] = found["tests"].replace(",", " ").split()
    if found.get("own") in ("own", "common"):
        found["own"] = found["own"] == "own"
    return {"title": found.get("name", ""), **found}


def number(name: str, text: str) -> Any:
    """A whole number where one is wanted; all else stays text, for the rulebook to read."""
    text = text.strip()
    return int(text) if name in WHOLE and text.isascii() and text.isdecimal() and len(text) < 6 else text
