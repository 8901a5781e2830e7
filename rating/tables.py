"""Boards for a terminal."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from rating.settings import Settings

LARGEST_NAME = 60  # columns


def table(content: dict[str, Any], settings: Settings) -> str:
    """The board as lines of text: columns, then what the numbers rest on."""
    players = content["players"]
    digits = 1 if settings.scale == "elo" else 3
    columns = [
        right("rank", [str(player["rank"] or "-") for player in players]),
        left("name", [printable(player["name"]) for player in players]),
        *(right(key, [f"{player[key]:.{digits}f}" for player in players]) for key in ("rating", "low", "high")),
        right(
            "ranks",
            ["-" if player["rank"] is None else f"{player['rank_low']}-{player['rank_high']}" for player in players],
        ),
        right("votes", [counted(player["votes"]) for player in players]),
    ]
    if settings.below is not None:
        columns.append(
            right("P(cut)", ["-" if player["p_cut"] is None else f"{player['p_cut']:.3f}" for player in players])
        )
    if settings.reference is not None:
        columns.append(right(f"% of {printable(settings.reference)}", [percent(player) for player in players]))
    columns.append(left("", ["*" if player["provisional"] else "" for player in players]))
    lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return "\n".join([*lines, *footnotes(content, settings)])


def percent(player: dict[str, Any]) -> str:
    return f"{player['percent']:.1f} ({player['percent_low']:.1f}-{player['percent_high']:.1f})"


def footnotes(content: dict[str, Any], settings: Settings) -> list[str]:
    """What a reader must know besides."""
    notes = []
    if any(player["provisional"] for player in content["players"]):
        least = counted(settings.minimum_votes)
        notes.append(f"* provisional: fewer than {least} votes, or a rating that only the prior keeps finite")
    voters = "" if content["voters"] is None else f" by {content['voters']} voters"
    notes.append(
        f"{counted(content['votes'])} votes{voters}, log-likelihood per vote {content['log_likelihood_per_vote']:.6f}"
    )
    notes += [style_note(one) for one in content["style"] or ()]
    return notes + ([] if content["lock"] is None else [lock_note(content["lock"])])


def style_note(thing: dict[str, Any]) -> str:
    """What one standard deviation more of a thing is worth."""
    return f"{thing['name']}: times {thing['odds']:.3f} on the odds ({thing['low']:.3f}-{thing['high']:.3f})"


def lock_note(lock: dict[str, Any]) -> str:
    """What a reader must know of the cut."""
    below, above = (printable(lock["pair"][side]) for side in ("below", "above"))
    if lock["locked"]:
        return f"the cut is locked: {below} is surely below {above}, and so is every other pair across the line"
    low, high = lock["votes_needed"]["low"], lock["votes_needed"]["high"]
    more = "how many more votes that takes cannot be said"
    if low is not None:
        more = f"{low:,} to {high:,} more votes may show" if high is not None else f"{low:,} more votes or many more"
    return f"the cut is open: {below} is not surely below {above}; {more}"


def counted(weight: float) -> str:
    return f"{weight:.10g}" if isinstance(weight, float) else str(weight)


def left(head: str, cells: Sequence[str]) -> list[str]:
    wide = max(map(width, [head, *cells]))
    return [cell + " " * (wide - width(cell)) for cell in [head, *cells]]


def right(head: str, cells: Sequence[str]) -> list[str]:
    wide = max(map(width, [head, *cells]))
    return [" " * (wide - width(cell)) + cell for cell in [head, *cells]]


def width(text: str) -> int:
    """How many columns of a terminal the text takes: two for each wide character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def harmless(text: str) -> str:
    """A stranger's text on one line: what would break it or move the cursor of a terminal is shown as its code."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def printable(text: str) -> str:
    """A stranger's name on one line of a terminal, `harmless` and not too long."""
    shown = harmless(text)
    if width(shown) <= LARGEST_NAME:
        return shown
    while width(shown) >= LARGEST_NAME:
        shown = shown[: min(len(shown) - 1, LARGEST_NAME)]
    return f"{shown}…"
