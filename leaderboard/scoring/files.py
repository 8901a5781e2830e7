"""Scores as files of an export, as far as they are public: all of it as JSON, and the marks for spreadsheets."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leaderboard.models import Round
from leaderboard.scoring.told import told

SCORES, MARKS = "scores.json", "marks.csv"
COLUMNS = ("component", "entry", "part", "test", "judge", "value", "error", "items", "corrected", "evidence", "at")


def write_scores(contest: Round, folder: Path, *, harmless: Callable[[Any], Any]) -> list[str]:
    """Write both where the rulebook lets them be public. Returns their names. harmless: what a cell may not be."""
    found = told(contest, all_of_it=False)
    if not found["components"] or not found["public"]:
        return []
    content = {name: value for name, value in found.items() if name != "state"}
    (folder / SCORES).write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
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
