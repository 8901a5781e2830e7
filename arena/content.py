"""What a turn says: a list of typed parts. Text today; images later need no migration."""

import re
import unicodedata
from typing import Any

from arena.personal import mask_personal
from arena.refusals import EmptyPrompt, PromptTooLong, UnreadablePrompt

PROMPT_LIMIT = 4_000  # characters
# Control characters that no keyboard types, lone surrogates, and the non-characters: binary pasted as text.
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

Part = dict[str, Any]


def text_parts(text: str) -> list[Part]:
    return [{"type": "text", "text": text}] if text else []


def text_of(parts: list[Part]) -> str:
    return "".join(part["text"] for part in parts if part["type"] == "text")


def clean_prompt(text: str) -> str:
    """The prompt as it is kept and sent: NFC, plain newlines, trimmed, personal data masked.

    Raises a Refusal, never cuts silently.
    """
    if UNREADABLE.search(text):
        raise UnreadablePrompt
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    # Nothing but marks that cannot be seen is empty too.
    if not any(unicodedata.category(character)[0] not in "CZ" for character in text):
        raise EmptyPrompt
    if len(text) > PROMPT_LIMIT:
        raise PromptTooLong(len(text), PROMPT_LIMIT)
    # The limit is on what the visitor typed and counts; the words that mask it may be a third longer.
    return mask_personal(text)
