"""`python -m rating`: boards from files of ballots, without the site."""

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Never

from rating.decided import decided_anew, in_words, reproduced
from rating.errors import BadSetting, Disconnected, RatingError
from rating.files import read_votes
from rating.plots import draw
from rating.progress import Progress
from rating.settings import CHOICES, Anchor, Settings, parameters, parameters_of, settings_of
from rating.standings import Votes, apart, intervals_for, standings
from rating.tables import harmless, printable, table

GROUPS_NAMED, PLAYERS_NAMED = 4, 4  # in the line that says which groups never met


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 2 for what could not be done, 1 for a decision not reproduced."""
    status = 0
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding lacks is shown as its code.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        asked = command_line().parse_args(arguments)
        status = asked.run(asked) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough. What is still buffered must not be flushed into the closed pipe at exit.
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
    except RatingError as why:
        return refuse(str(why))
    except OSError as why:
        return refuse(f"{why.filename}: {why.strerror}" if why.filename else str(why))
    except MemoryError:
        return refuse("there is not enough memory for so many players")
    return status


def refuse(why: str) -> int:
    """Say on one line why not; returns the exit status."""
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in why)
    print(f"rating: {line}", file=sys.stderr)
    return 2


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, as of everything else."""

    def error(self, message: str) -> Never:
        raise BadSetting(f"{message} (see {self.prog} --help)")


def command_line() -> argparse.ArgumentParser:
    """What the command accepts."""
    parser = Parser(prog="python -m rating", description="Ratings from files of ballots.", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    rate = commands.add_parser("fit", help="print the board: ratings, 95 %% intervals, ranks", allow_abbrev=False)
    rate.set_defaults(run=print_board)
    rate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    rate.add_argument("--each-group", action="store_true", help="rate groups of players that never met, each alone")
    plot = commands.add_parser("plot", help="draw ratings with their intervals", allow_abbrev=False)
    plot.set_defaults(run=draw_board)
    plot.add_argument("-o", "--output", required=True, metavar="IMAGE", help="written by its ending: svg, png, pdf")
    again = commands.add_parser("decide", help="decide a cut anew from an exported folder", allow_abbrev=False)
    again.set_defaults(run=print_decision)
    again.add_argument("folder", type=Path, metavar="FOLDER", help="with ballots, grounds.json and decision.json")
    for command in (rate, plot):
        add_settings(command)
    return parser


def add_settings(command: argparse.ArgumentParser) -> None:
    """The arguments that say which votes are fitted, and how."""
    command.add_argument("file", metavar="FILE", help="votes: .csv, .jsonl, .parquet or .json, perhaps with .gz")
    command.add_argument("--config", metavar="BOARD", help="an exported board.json, to fit under its own parameters")
    command.add_argument("--voter-column", metavar="NAME", help="who voted (voter, else worker, where there is one)")
    command.add_argument("--weight-column", metavar="NAME", help="what a vote counts (weight, where there is one)")
    command.add_argument("--prior", type=float, metavar="GAMES", help="phantom games per player (0.5)")
    command.add_argument("--ties", choices=CHOICES["ties"], help="half a point each (half), or their own model")
    command.add_argument("--both-bad", choices=CHOICES["both_bad"], help="count as a tie (half), or not")
    command.add_argument(
        "--intervals", choices=CHOICES["intervals"], help="cautious, by voter, where voters are known; else sandwich"
    )
    command.add_argument("--scale", choices=CHOICES["scale"], help="the unit of ratings (elo)")
    command.add_argument("--anchor", type=anchor_of, metavar="NAME=VALUE", help="fix one rating, in that unit")
    command.add_argument("--minimum-votes", type=float, metavar="VOTES", help="fewer make a rating provisional (30)")
    command.add_argument("--below", type=int, metavar="K", help="add P(cut), to be among the K weakest, and the lock")
    command.add_argument("--planned-votes", type=float, metavar="VOTES", help="all votes at the deadline, for the lock")
    command.add_argument("--category", metavar="NAME", help="count the votes on questions of one kind (ko, code, …)")
    command.add_argument(
        "--style", action="store_const", const=True, help="rate as if all answers had the same length and formatting"
    )
    command.add_argument("--unranked", action="append", metavar="NAME", help="rate, but never rank; may be repeated")
    command.add_argument("--reference", metavar="NAME", help="add everybody's strength in percent of this player's")


def anchor_of(text: str) -> Anchor:
    """NAME=VALUE; a name may contain "=" itself."""
    name, sign, value = text.rpartition("=")
    try:
        return Anchor(name, float(value if sign and name else "none"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE with a number for the value") from None


def settings_asked(asked: argparse.Namespace) -> Settings:
    """The settings of the exported board, if one is given, with those of the flags over them. Raises BadSetting."""
    given = parameters_of(asked.config) if asked.config else {}
    flags = {field.name: getattr(asked, field.name) for field in fields(Settings)}
    return settings_of(given | {name: value for name, value in flags.items() if value is not None})


def votes_asked(asked: argparse.Namespace, settings: Settings) -> tuple[Sequence[str], Votes]:
    """The names and votes of the file."""
    with Progress(printable(Path(asked.file).name)) as progress:
        return read_votes(
            asked.file,
            voter=settings.voter_column,
            weight=settings.weight_column,
            category=settings.category,
            style=settings.style,
            told=progress,
        )


def print_board(asked: argparse.Namespace) -> None:
    """Print the board of a file, or one of each group of players."""
    settings = settings_asked(asked)
    if asked.each_group and settings.below is not None:
        raise BadSetting("a cut is made on one board: --below and --each-group do not go together")
    names, votes = votes_asked(asked, settings)
    made = {"parameters": parameters(settings) | {"intervals": intervals_for(votes, settings)}}
    if not asked.each_group:
        board = board_of(names, votes, settings)
        print(as_json(board | made) if asked.json else table(board, settings))
        return
    boards = boards_of_groups(names, votes, settings)
    if asked.json:
        print(as_json({"groups": boards} | made))
    else:
        print("\n\n".join(table(board, settings) for board in boards))


def as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, allow_nan=False)


def board_of(names: Sequence[str], votes: Votes, settings: Settings) -> dict[str, Any]:
    """The board. Raises BadSetting, naming the players, where some never met."""
    try:
        return standings(names, votes, settings)
    except Disconnected as why:
        groups = [[names[player] for player in group] for group in why.components]
        raise BadSetting(
            f"{len(groups)} groups of players never met and cannot be compared: "
            f"{listed([listed(group, PLAYERS_NAMED, ', ') for group in groups], GROUPS_NAMED, ' | ')}; "
            "--each-group rates each alone"
        ) from why


def listed(words: Sequence[str], most: int, between: str) -> str:
    """The words, shortened to the first ones if they are many."""
    more = [f"… {len(words) - most} more"] if len(words) > most else []
    return between.join([*map(printable, words[:most]), *more])


def boards_of_groups(names: Sequence[str], votes: Votes, settings: Settings) -> list[dict[str, Any]]:
    """A board of each group of players, the largest first; a setting about a player counts in the group that has it."""
    named = {name: what for what, name in players_named(settings)}
    for name in set(named).difference(names):
        raise BadSetting(f"there is no player {name!r} to be {named[name]}")
    return [
        standings(members, theirs, settings_within(members, settings))
        for members, theirs in apart(names, votes, settings)
    ]


def players_named(settings: Settings) -> list[tuple[str, str]]:
    """What a setting makes of a player, and the player's name."""
    found = [("unranked", name) for name in settings.unranked]
    found += [("the anchor", settings.anchor.name)] if settings.anchor else []
    return found + ([("the reference", settings.reference)] if settings.reference is not None else [])


def settings_within(members: Sequence[str], settings: Settings) -> Settings:
    """The settings as far as they are about these players."""
    return replace(
        settings,
        anchor=settings.anchor if settings.anchor and settings.anchor.name in members else None,
        unranked=tuple(name for name in settings.unranked if name in members),
        reference=settings.reference if settings.reference in members else None,
    )


def draw_board(asked: argparse.Namespace) -> None:
    """Draw the board of a file into an image."""
    settings = settings_asked(asked)
    names, votes = votes_asked(asked, settings)
    draw(board_of(names, votes, settings), asked.output, settings)


def print_decision(asked: argparse.Namespace) -> int:
    """Print who goes by the files of an export; 1 where they said something else."""
    grounds, made, said = decided_anew(asked.folder)
    print("\n".join(map(harmless, in_words(made, grounds))))
    if reproduced(made, said):
        print("DECISION REPRODUCED")
        return 0
    print("DECISION NOT REPRODUCED: decision.json says something else")
    return 1
