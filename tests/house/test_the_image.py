"""The Dockerfile's steps, done in an empty folder without an engine, as far as they go: what they make must serve.

Not done here: the base images, the system's packages and users (`apt-get`, `useradd`), the layers.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.migrated import begin_migrated
from tests.processes import answers, ended_at_last, free_port
from tests.servers import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(bool(os.environ.get("REDIS_URL")), reason="once is enough: it is made alike for both")

SYSTEM = ("apt-get", "useradd")  # the machine's, which is not ours to change


@dataclass
class Stage:
    """One FROM of the Dockerfile: its steps in order, each an instruction and its words."""

    name: str
    base: str
    steps: list[tuple[str, str]]


def stages() -> list[Stage]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, words = line.split(maxsplit=1)
        if instruction == "FROM":
            base, _, name = words.split()
            found.append(Stage(name, base, []))
        else:
            found[-1].steps.append((instruction, words))
    return found


def ignored(path: Path) -> bool:
    """Whether .dockerignore keeps it out of the image."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    ways = [path, *path.parents][:-1]
    return any(
        fnmatch(str(way), rule) or (rule.startswith("**/") and fnmatch(way.name, rule[3:]))
        for rule in rules
        for way in ways
    )


class Image:
    """A folder that stands for an image's /, with an environment in which its programs are found first."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root
        self.env = {"PATH": f"{root / 'venv' / 'bin'}:{os.environ['PATH']}", "HOME": str(root)}
        # Of a hundred packages, what two short starts need is compiled sooner by these.
        self.env["PIP_NO_COMPILE"] = "1"
        self.left_out: list[str] = []
        self.command: list[str] = []

    def make(self, stage: Stage, others: dict[str, "Image"]) -> None:
        for instruction, words in stage.steps:
            match instruction:
                case "WORKDIR":
                    self.folder = self.root / words.removeprefix("/")
                    self.folder.mkdir(parents=True, exist_ok=True)
                case "ENV":
                    self.env |= dict(pair.split("=", 1) for pair in shlex.split(words))
                case "COPY":
                    self.copy(words, others)
                case "RUN" if words.startswith(SYSTEM):
                    self.left_out.append(words)
                case "RUN":
                    subprocess.run(["bash", "-ec", words], cwd=self.folder, env=self.env, check=True)
                case "CMD":
                    self.command = json.loads(words)
                case "USER" | "VOLUME" | "EXPOSE":
                    pass
                case _:
                    raise AssertionError(f"this test does not know {instruction}")

    def copy(self, words: str, others: dict[str, "Image"]) -> None:
        origin, *names = shlex.split(words)
        if origin.startswith("--from="):
            image = others[origin.removeprefix("--from=")]
            source, target = names
            shutil.copytree(image.root / source.removeprefix("/"), self.folder / target, dirs_exist_ok=True)
            return
        *sources, target = [origin, *names]
        for source in sources:
            for file in files_of(ROOT / source):
                inside = file.relative_to(ROOT / source) if (ROOT / source).is_dir() else Path(file.name)
                whole = self.folder / target / inside
                whole.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, whole)


def files_of(source: Path) -> list[Path]:
    """The files that a build would be sent: of what git knows, what .dockerignore lets through."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", str(source)]
    known = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in known if name and (ROOT / name).is_file() and not ignored(Path(name))]


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Image:
    made: dict[str, Image] = {}
    for stage in stages()[:2]:
        root = tmp_path_factory.mktemp(stage.name)
        if stage.base.startswith("python"):
            subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True)
        made[stage.name] = Image(root)
        made[stage.name].make(stage, made)
    return made["site"]


def test_what_the_steps_make_serves_the_site_as_it_says(image: Image, tmp_path):
    port = free_port()
    env = image.env | {"DATA_DIR": str(tmp_path), "PATH": image.env["PATH"]}
    python = str(image.root / "venv" / "bin" / "python")
    begin_migrated(tmp_path / "site.sqlite3")
    subprocess.run([python, "manage.py", "migrate", "--verbosity", "0"], cwd=image.folder, env=env, check=True)
    command = [python, *image.command[1:-1], "127.0.0.1", "--port", str(port)]
    assert image.command[:4] == ["python", "-m", "config.web", "--host"]
    with ended_at_last(command, env, folder=image.folder):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url))
        page = httpx.get(url, headers={"Accept-Language": "ko"}, trust_env=False, timeout=PATIENCE)
        assert page.status_code == 200
        assert "투표" in page.text
        scripts = re.findall(r'src="(/static/assets/[^"]+)"', page.text)
        assert scripts
        for script in scripts:
            assert httpx.get(url + script, trust_env=False, timeout=PATIENCE).status_code == 200


def test_the_image_holds_what_runs_and_nothing_else(image: Image):
    there = {path.name for path in image.folder.iterdir()}
    assert {"arena", "config", "frontend", "leaderboard", "manage.py"} <= there
    assert not there & {"tests", "benchmarks", "docs", "secrets", "var", ".git", ".env", ".venv"}
    assert not (image.folder / "frontend" / "node_modules").exists()


def test_what_was_left_out_is_the_systems_alone(image: Image):
    assert [step.split()[0] for step in image.left_out] == ["apt-get", "useradd"]
