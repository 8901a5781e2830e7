"""What the documents claim exists, exists."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.processes import RunningSite

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_named_file_of_ours_exists(page: Path):
    ours = "|".join(("config", "frontend", "leaderboard", "arena", "inference", "accounts", "rating", "tests", "docs"))
    for name in re.findall(rf"`((?:{ours})/[\w./-]*)`", page.read_text()):
        assert (ROOT / name).exists(), name


def test_the_readme_says_why_each_folder_is_there():
    readme = (ROOT / "README.md").read_text()
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for folder in {name.split("/")[0] for name in tracked if "/" in name}:
        assert f"`{folder}/`" in readme, folder


def test_every_target_of_the_makefile_is_in_its_help():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split()
    helped = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    shown = re.findall(r"make ([\w-]+)", helped)
    assert sorted(shown) == sorted(set(phony) - {"free-port", "tools"})
    assert len(helped.splitlines()) == len(shown)


def test_the_script_of_the_api_page_runs_as_it_stands(echo_site: RunningSite):
    script = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)[-1]
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "SITE": echo_site.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" said: ")[1] for line in lines[:2]] == ["What is the capital of France?"] * 2
    assert lines[2] == "It counts."


def test_the_lock_files_name_no_registry():
    for file in ROOT.glob("requirements*.txt"):
        assert "://" not in file.read_text(), file
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    assert len(packages) > 50
    assert not any("resolved" in package for package in packages.values())


def test_every_requirement_is_pinned_with_hashes():
    for file in ROOT.glob("requirements*.txt"):
        for block in re.split(r"\n(?=\w)", file.read_text()):
            assert re.match(r"[\w.-]+(\[[\w, -]+\])?==\S+ ", block), block[:80]
            assert "--hash=sha256:" in block, block[:80]


def test_operators_are_told_of_every_measure():
    told = set(re.findall(r"lms_\w+", (ROOT / "docs" / "operations.md").read_text()))
    command = ["git", "grep", "-hoE", r'"lms_[a-z_]+"', "--", "*.py", ":!tests"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.strip('"') for name in found.split()} == told
