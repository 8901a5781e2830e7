"""`make contest [OUT=dir]`: plays a contest from five teams to a winner, tells why, exports it, runs the site.

It has a folder of its own, var/contest; a second start finds the contest again.
"""

import argparse
import os
import time
from pathlib import Path
from random import Random

from config.demo import free_port, give_up, say
from config.season.site import make_ready, prepare, serve

SEED, VOTES = 20261124, 16_000
ROOT = Path(__file__).resolve().parents[2]
DONE = "story.txt"  # written when all of it is there


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m config.contest", description="A whole contest in three minutes.")
    options.add_argument("--out", type=Path, help="also export each round into a folder of its own under this one")
    options.add_argument("--port", default="8000")
    options.add_argument("--votes", type=int, default=VOTES, help="in all rounds (default: %(default)s)")
    options.add_argument("--only-play", action="store_true", help="end when the contest is played")
    chosen = options.parse_args()
    port = 0 if chosen.only_play else free_port(chosen.port)
    folder = Path(os.environ.get("DATA_DIR") or ROOT / "var").resolve() / "contest"
    make_ready(folder, DONE, "contest")

    import django

    django.setup()
    try:
        prepare()
        if not (folder / DONE).exists():
            play_anew(folder, votes=chosen.votes)
        say((folder / DONE).read_text())
        if chosen.out:
            export(chosen.out)
    except KeyboardInterrupt:
        give_up("\nStopped before the contest was over. The next start plays it from the beginning.")
    if not chosen.only_play:
        serve(port)


def play_anew(folder: Path, *, votes: int) -> None:
    from django.utils import timezone
    from tqdm import tqdm

    from config.contest.chapters import play
    from config.contest.playing import staged

    began, story = time.monotonic(), list[str]()
    with (
        tqdm(total=votes, desc="Playing the contest", unit=" votes") as bar,
        staged(Random(SEED), timezone.now(), story.append, bar.update) as stage,
    ):
        play(stage, votes)
    say(f"Played in {time.monotonic() - began:.0f} seconds.")
    (folder / DONE).write_text("\n".join(story) + "\n")


def export(out: Path) -> None:
    """Each round's files, run-offs among them, into a folder of its own."""
    from leaderboard.export import export_round
    from leaderboard.models import Round

    for contest in Round.objects.order_by("number", "leg").select_related("series"):
        files = export_round(contest, out / contest.series.slug)
        say(f"{out / contest.series.slug}: {', '.join(file.name for file in files)}")


if __name__ == "__main__":
    main()
