"""The recipes of docs/api.md do what they say, on a site with a final result."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from accounts.models import Membership, Role, Team, User
from accounts.tokens import make_token
from leaderboard.export_queue import write_portion
from leaderboard.rounds import close_round
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_consequences import finish, two  # noqa: F401  fixture
from tests.visitor import NO_TLS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def recipes():
    """Of each its title, its language and its lines."""
    section = (DOCS / "api.md").read_text().split("\n## Recipes\n")[1].split("\n## ")[0]
    for part in section.split("\n**")[1:]:
        for language, lines in re.findall(r"```(\w+)\n(.*?)```", part, re.DOTALL):
            yield part.split("**")[0], language, lines


@pytest.fixture
def final(contest, two):  # noqa: F811
    decide(contest)
    close_round(contest)
    finish(contest, two)
    while write_portion():
        pass


def test_every_recipe_does_what_it_says(contest, final, site, tmp_path):
    team = Team.objects.get(slug="team-alder")
    by = User.objects.create_user("olga")
    Membership.objects.create(team=team, user=by, role=Role.OWNER)
    _, secret = make_token(team, name="watch", workers=True, by=by)
    env = {**os.environ, "SITE": site, "TOKEN": secret, "PYTHONPATH": str(DOCS), "NO_PROXY": "*"}
    said = {}
    for number, (title, language, lines) in enumerate(recipes()):
        command = {"bash": ["bash", "-eu", "-o", "pipefail", "-c"], "python": [sys.executable, "-c"]}[language]
        folder = tmp_path / str(number)
        folder.mkdir()
        done = subprocess.run([*command, lines], cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{title}, {language}: {done.stdout} {done.stderr}"
        said[title.split(",")[0].split(":")[0], language] = done.stdout
        if title.startswith("The board") and language == "bash":
            assert (folder / "board.json").read_bytes() == httpx.get(f"{site}/api/v1/board", verify=NO_TLS).content
            assert not (folder / "newer.json").exists() or not (folder / "newer.json").read_bytes()
        if title.startswith("All that") and language == "bash":
            assert (folder / "log.json").read_text().count('"kind": "transition"') == contest.transitions.count()
    assert len(said) == 10
    assert "Dogwood" in said["The board", "python"]
    assert "rulebook.json: OK" in said["The rules of a round", "bash"]
    assert '"cut_size":1' in said["The rules of a round", "python"]
    assert said["All that was decided", "python"].count("\n") == contest.transitions.count()
    assert "ballots.jsonl.gz: OK" in said["The files that prove a result", "bash"]
    assert "SHA256SUMS" not in said["The files that prove a result", "python"]
    assert "decision.json" in said["The files that prove a result", "python"]
    assert '"in_service"' in said["The team's own workers", "bash"]
    assert said["The team's own workers", "python"].startswith("draining in_service\nno_such_worker")


def test_a_part_of_a_file_is_sent_and_none_where_it_is_there_already(final, site):
    with httpx.Client(base_url=site, verify=NO_TLS, trust_env=False) as http:
        path = "/rounds/1/files/decision.json"
        whole = http.get(path)
        size, etag = len(whole.content), whole.headers["ETag"]
        assert whole.headers["Accept-Ranges"] == "bytes"

        def part(asked, **headers):
            answer = http.get(path, headers={"Range": asked, **headers})
            return answer.status_code, answer.headers.get("Content-Range"), answer.content

        assert part("bytes=0-9") == (206, f"bytes 0-9/{size}", whole.content[:10])
        assert part("bytes=5-") == (206, f"bytes 5-{size - 1}/{size}", whole.content[5:])
        assert part("bytes=-7") == (206, f"bytes {size - 7}-{size - 1}/{size}", whole.content[-7:])
        assert part(f"bytes=3-{size + 99}") == (206, f"bytes 3-{size - 1}/{size}", whole.content[3:])
        assert part(f"bytes={size}-") == (416, f"bytes */{size}", b"")
        for senseless in ("bytes=9-3", "bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=x"):
            assert part(senseless) == (200, None, whole.content)
        assert part("bytes=0-9", **{"If-Range": etag})[0] == 206
        assert part("bytes=0-9", **{"If-Range": '"another"'}) == (200, None, whole.content)
        again = http.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
        assert http.head(path).headers["Content-Length"] == str(size)
