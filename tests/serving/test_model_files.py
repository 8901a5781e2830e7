"""What a model's files are, in digests that anybody can make with `sha256sum`."""

import hashlib
import json
import struct
import subprocess

import pytest

from inference.serving.files import Unreadable, template_digest, weights_digest

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_one_file_of_weights_is_its_own_digest_and_several_that_of_their_list(tmp_path):
    assert weights_digest(tmp_path) == ""
    (tmp_path / "model-00002.safetensors").write_text("b")
    (tmp_path / "README.md").write_text("no weights")
    assert weights_digest(tmp_path) == weights_digest(tmp_path / "model-00002.safetensors") == sha("b")
    (tmp_path / "model-00001.safetensors").write_text("a")
    command = "LC_ALL=C sha256sum *.safetensors | sha256sum"
    printed = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert weights_digest(tmp_path) == printed.stdout.split()[0]


def test_a_folders_template_is_found_where_its_engine_takes_it_from(tmp_path):
    assert template_digest(tmp_path) == ""
    settings = tmp_path / "tokenizer_config.json"
    settings.write_text(json.dumps({"chat_template": [{"name": "tools", "template": "x"}]}))
    assert template_digest(tmp_path) == ""
    settings.write_text(json.dumps({"chat_template": [{"name": "default", "template": TEMPLATE}]}))
    assert template_digest(tmp_path) == sha(TEMPLATE)
    settings.write_text(json.dumps({"chat_template": "another"}))
    assert template_digest(tmp_path) == sha("another")
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE)
    assert template_digest(tmp_path) == sha(TEMPLATE)
    # What the engine is told goes before what the model brings along.
    (told := tmp_path / "told.jinja").write_text("told")
    assert template_digest(tmp_path, ["--chat-template", str(told)]) == sha("told")
    assert template_digest(tmp_path, ["--port", "1", f"--chat-template={'{{ long }}' * 500}"]) == sha(
        "{{ long }}" * 500
    )


def test_a_settings_file_that_is_none_is_named(tmp_path):
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(Unreadable, match="cannot be read"):
        template_digest(tmp_path)


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(*pairs):
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(text(key) + value for key, value in pairs)


NUMBERS = ("numbers", struct.pack("<IIQ", 9, 4, 3) + bytes(12))
WORDS = ("words", struct.pack("<IIQ", 9, 8, 2) + text("하나") + text("둘"))
COUNT = ("count", struct.pack("<IQ", 10, 7))
CHAT = ("tokenizer.chat_template", struct.pack("<I", 8) + text(TEMPLATE))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (gguf(NUMBERS, WORDS, COUNT, CHAT), sha(TEMPLATE)),
        (gguf(COUNT, WORDS), ""),
        (b"pickled", ""),
    ],
)
def test_a_gguf_file_carries_its_template_among_its_metadata(tmp_path, content, found):
    (path := tmp_path / "model.gguf").write_bytes(content)
    assert template_digest(path) == found


def test_a_gguf_file_that_was_cut_off_is_named(tmp_path):
    (path := tmp_path / "model.gguf").write_bytes(gguf(NUMBERS, WORDS, CHAT)[:70])
    with pytest.raises(Unreadable, match="cannot be read"):
        template_digest(path)
