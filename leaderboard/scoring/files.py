"""Scores as files of an export, as far as they are public: all of it as JSON, and the marks for spreadsheets."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leaderboard.models import Decision, Round
from leaderboard.scoring.told import scores_of, told, without_state

SCORES, MARKS = "scores.json", "marks.csv"
COLUMNS = ("component", "entry", "part", "test", "judge", "value", "error", "items", "corrected", "evidence", "at")


def write_scores(
    contest: Round, decision: Decision | None, folder: Path, *, harmless: Callable[[Any], Any]
) -> list[str]:
    """Write both where the rulebook lets them be public: as they stood with the decision. Returns their names.

    harmless: what a cell may not be.
    """
    found = scores_of(decision) if decision and decision.scores else without_state(told(contest, all_of_it=False))
    if not found["components"] or not found["public"]:
        return []
    (folder / SCORES).write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    # With a byte order mark, without which Excel garbles Hangul.
    with (folder / MARKS).open("w", encoding="utf-8-sig", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        for component in found["components"]:
            for mark in component["marks"]:
                rows.writerow(harmless(cell) for cell in cells(component["name"], mark))
    return [SCORES, MARKS]


def cells(component: str, mark: dict[str, Any]) -> tuple[Any, ...]:
    evidence = " ".join(one["url"] for one in mark["evidence"])
    return (
        component,
        mark["slug"],
        mark["part"],
        mark["test"],
        mark["judge"] or "",
        mark["value"] or "",
        mark["error"] or "",
        mark["items"] or "",
        int(mark["corrected"]),
        evidence,
        mark["at"],
    )
