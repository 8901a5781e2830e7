"""How a command line names rules: single ones by options, all of them by a file, which leaves out what is as usual."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from arena.models import Reveal
from leaderboard.rulebook import BadRulebook, Rulebook, read_rulebook

NUMBERS = {
    "minimum_votes": "an entry with fewer votes is provisional (30)",
    "voter_cap": "votes of one visitor that count (10)",
    "max_turns": "questions in one battle (6)",
    "max_tokens": "the length of an answer (1024)",
    "pace": "characters a second shown on each side; 0: no pace (150)",
    "appeal_days": "days in which a result can be appealed against (10)",
}


def add_rules(parser: CommandParser) -> None:
    """In brackets: how it is where neither an option nor a file says otherwise."""
    parser.add_argument("--rulebook", type=Path, help="a JSON file of rules; options go before it")
    parser.add_argument("--cut", type=int, help="how many go out (1)")
    for name, words in NUMBERS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, help=words)
    parser.add_argument("--temperature", help="(0.7)")
    parser.add_argument("--top-p", help="(1)")
    parser.add_argument("--system-prompt", help="said to every entry before the first question (nothing)")
    parser.add_argument("--reveal", choices=Reveal.values, help="names after the vote, or the close (vote)")


def rules_named(options: dict[str, Any]) -> dict[str, Any]:
    """The rules that options name one by one."""
    named = {"cut_size": options["cut"]} | {
        name: options[name] for name in (*NUMBERS, "temperature", "top_p", "system_prompt", "reveal")
    }
    return {name: value for name, value in named.items() if value is not None}


def rulebook_in(file: Path | None) -> Rulebook | None:
    """The rulebook in a file. Raises CommandError."""
    if file is None:
        return None
    try:
        return read_rulebook(file.read_bytes())
    except OSError as why:
        raise CommandError(f"{file} cannot be read: {why.strerror}.") from None
    except BadRulebook as why:
        raise CommandError(f"{file} is no rulebook: {why}.") from None
