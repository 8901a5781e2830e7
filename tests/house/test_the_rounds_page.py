"""docs/rounds.md tells the steps of a round as the code takes them."""

from pathlib import Path

from django.utils import translation

from leaderboard.states import STEPS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rounds.md"


def rows() -> list[str]:
    told = []
    with translation.override("en"):
        for (start, to), step in STEPS.items():
            who = "two" if step.of_two else "clock" if step.by_clock else "one"
            told.append(f"| {start} | {to} | {who} | {step.does} |")
    return told


def test_the_table_of_steps_is_that_of_the_code() -> None:
    lines = PAGE.read_text().splitlines()
    start = lines.index("| --- | --- | --- | --- |") + 1
    written = lines[start : lines.index("", start)]
    assert written == rows(), "the table should be:\n" + "\n".join(rows())
