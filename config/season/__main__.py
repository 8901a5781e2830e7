"""`make season`: plays weeks of a contest in a minute, shows what came of it, and runs the site over it.

It has a folder of its own, var/season; a second start finds the season again. The same seed plays the same one.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from config.demo import free_port, give_up, say
from config.season.site import make_ready, prepare, serve

SEED, VOTES = 20261124, 20_000
ROOT = Path(__file__).resolve().parents[2]
DONE = "season.json"  # written when all of it is there


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m config.season", description="A contest of weeks, in a minute.")
    options.add_argument("--port", default="8000")
    options.add_argument("--votes", type=int, default=VOTES, help="in all rounds (default: %(default)s)")
    options.add_argument("--seed", type=int, default=SEED, help="another one is another season")
    options.add_argument("--only-play", action="store_true", help="end when the season is played")
    chosen = options.parse_args()
    port = 0 if chosen.only_play else free_port(chosen.port)
    folder = Path(os.environ.get("DATA_DIR") or ROOT / "var").resolve() / "season"
    make_ready(folder, DONE, "season")

    import django

    django.setup()
    try:
        prepare()
        if not (folder / DONE).exists():
            play_anew(folder, seed=chosen.seed, votes=chosen.votes)
    except KeyboardInterrupt:
        give_up("\nStopped before the season was over. The next start plays it from the beginning.")
    show_truth(json.loads((folder / DONE).read_text()))
    if not chosen.only_play:
        serve(port)


def play_anew(folder: Path, *, seed: int, votes: int) -> None:
    from django.utils import timezone
    from tqdm import tqdm

    from config.season.playing import play

    began = time.monotonic()
    with tqdm(total=votes, desc="Playing the season", unit=" votes") as bar:
        play(Random(seed), timezone.now(), votes, bar.update)
    say(f"Played in {time.monotonic() - began:.0f} seconds.")
    (folder / DONE).write_text(json.dumps(results()))


def results() -> list[dict[str, Any]]:
    """The truth of each round beside its board, in Elo points about a mean of 1000."""
    from config.season.world import CONTESTANTS, REFERENCE
    from leaderboard.boards import board
    from leaderboard.models import Round

    truth = {one.slug: one.strength for one in (*CONTESTANTS, REFERENCE)}
    found = []
    for contest in Round.objects.order_by("number", "leg").select_related("series"):
        told = board(contest.series.slug)
        assert told is not None
        mean = sum(truth[row["slug"]] for row in told["standings"]) / len(told["standings"])
        rows = [row | {"truth": truth[row["slug"]] - mean + 1000} for row in told["standings"]]
        found.append({"title": told["title"], "votes": told["votes"], "rows": rows})
    return found


def show_truth(rounds: Sequence[dict[str, Any]]) -> None:
    for one in rounds:
        say(f"\n{one['title']}, {one['votes']:,} counted votes: the truth, and what the board says (95 %)")
        for row in one["rows"]:
            rank = row["rank"] or "–"
            figures = f"{row['truth']:6.0f} {row['rating']:8.0f}  {row['low']:.0f}–{row['high']:.0f}"
            say(f"  {rank}  {row['name']:<10} {figures}  {row['status'].replace('_', ' ')}")


if __name__ == "__main__":
    main()
