"""`python -m rating fit FILE`: recompute a board from its ballots, without the site."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rating.errors import RatingError
from rating.files import read_ballots
from rating.fitting import Fit, fit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status, 2 for anything that could not be rated."""
    asked = command_line().parse_args(arguments)
    try:
        names, tally = read_ballots(asked.file)
        board = fit(tally, prior=asked.prior, both_bad=asked.both_bad, apart=True)
    except (RatingError, OSError) as why:
        print(f"rating: {why}", file=sys.stderr)
        return 2
    if len(apart := tally.components()) > 1:
        print(f"rating: {len(apart)} groups never met; ranks across them mean nothing", file=sys.stderr)
    content = board_of(names, board)
    print(json.dumps(content, allow_nan=False) if asked.json else table(content))
    return 0


def command_line() -> argparse.ArgumentParser:
    """What the command accepts."""
    parser = argparse.ArgumentParser(prog="python -m rating", description="Ratings from files of ballots.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    rate = commands.add_parser("fit", help="Bradley-Terry ratings with 95 %% intervals")
    rate.add_argument("file", metavar="FILE", help="ballots: .jsonl, .csv or .json, perhaps with .gz")
    rate.add_argument("--prior", type=float, default=0.5, metavar="GAMES", help="phantom games per player (0.5)")
    rate.add_argument("--both-bad", choices=("half", "drop"), default="half", help="count as half, or not (half)")
    rate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def board_of(names: Sequence[str], board: Fit) -> dict[str, Any]:
    """The board as JSON has it: ratings and ends of 95 % intervals in Elo points, best player first."""
    low, high = board.intervals()
    columns = zip(names, board.ratings(), low, high, board.ranks(), board.votes, strict=True)
    players = [
        {
            "name": name,
            "rating": float(rating),
            "low": float(bottom),
            "high": float(top),
            "rank": int(rank),
            "votes": int(votes),
        }
        for name, rating, bottom, top, rank, votes in columns
    ]
    return {
        "log_likelihood_per_vote": board.log_likelihood_per_vote,
        "votes": round(float(board.votes.sum()) / 2),
        "players": sorted(players, key=lambda player: player["rank"]),
    }


def table(content: dict[str, Any]) -> str:
    """The board for a terminal."""
    # A name is a stranger's text: one with line breaks or escape sequences is shown as its code.
    shown = [name if (name := player["name"]).isprintable() else ascii(name) for player in content["players"]]
    width = max(4, *(len(name) for name in shown))
    lines = [f"{'rank':>4}  {'name':<{width}}  {'rating':>7}  {'low':>7}  {'high':>7}  {'votes':>9}"]
    lines += [
        f"{player['rank']:>4}  {name:<{width}}  {player['rating']:>7.1f}  {player['low']:>7.1f}"
        f"  {player['high']:>7.1f}  {player['votes']:>9}"
        for name, player in zip(shown, content["players"], strict=True)
    ]
    lines.append(f"{content['votes']} votes, log-likelihood per vote {content['log_likelihood_per_vote']:.6f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
