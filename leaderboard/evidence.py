"""Evidence: addresses on the web, each with the SHA-256 of what stood there, so that it cannot change in silence."""

import re
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inference.models import WEB

MOST = 10
ADDRESS_LENGTH = 500
DIGEST = re.compile(r"[0-9a-f]{64}")


class Evidence(TypedDict):
    """digest: of the bytes at that address when it was named; empty where nobody took it."""

    url: str
    digest: str


class NoEvidence(Exception):
    """This cannot be named as evidence; the words say why."""


def read_evidence(text: str) -> list[Evidence]:
    """One piece a line: an address, and after a space its digest if there is one. Raises NoEvidence."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise NoEvidence(_("at most {n} pieces of evidence can be named").format(n=MOST))
    return [_read(parts) for parts in lines]


def _read(parts: list[str]) -> Evidence:
    url, digest = parts[0], parts[1].lower() if len(parts) > 1 else ""
    try:
        WEB(url if url.isprintable() else "")
    except ValidationError:
        raise NoEvidence(_("evidence begins with an address on the web, as https://example.org/report.pdf")) from None
    if len(url) > ADDRESS_LENGTH:
        raise NoEvidence(_("an address has at most {n} characters").format(n=ADDRESS_LENGTH))
    if len(parts) > 2 or (digest and not DIGEST.fullmatch(digest)):
        raise NoEvidence(_("after an address stands a SHA-256 in 64 hexadecimal digits, or nothing"))
    return {"url": url, "digest": digest}


def written(evidence: list[Evidence]) -> str:
    """As `read_evidence` reads it."""
    return "\n".join(f"{one['url']} {one['digest']}".strip() for one in evidence)
