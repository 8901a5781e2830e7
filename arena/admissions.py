"""Rounds in which only those vote who were invited: one-time codes, and the voters who have entered one.

A code is a row with its digest, and says only whether it was used; an admitted voter is a row of its own. Nothing tells
which code a voter has entered, so that who handed the codes out cannot tell whose a vote is.
"""

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from arena.limits import spend_code
from arena.models import AdmissionCode, Admitted, Gate, Terms, Voter
from arena.refusals import AdmittedAlready, NoCodesHere, UnknownCode

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing in it is taken for something else
ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
LENGTH, GROUP = 20, 5  # 100 bits
MOST_CODES = 5000  # made at once


@dataclass(frozen=True, slots=True)
class Codes:
    """How many codes of a round there are, and how many were used."""

    made: int
    used: int


@transaction.atomic
def make_codes(gate: Gate, number: int) -> list[str]:
    """New codes for the voters of a round. They are told this once: what is kept are their digests."""
    made = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(number)]
    AdmissionCode.objects.bulk_create(AdmissionCode(gate=gate, digest=digest_of(gate, code)) for code in made)
    return ["-".join(code[i : i + GROUP] for i in range(0, LENGTH, GROUP)) for code in made]


def codes_of(gate_id: int) -> Codes:
    made = AdmissionCode.objects.filter(gate_id=gate_id)
    return Codes(made.count(), made.filter(used=True).count())


def digest_of(gate: Gate, code: str) -> str:
    """What is kept of a code. It is of 100 random bits, which nobody finds by trying, so that one hash is enough."""
    return hashlib.sha256(f"{gate.key}:{code}".encode()).hexdigest()


@transaction.atomic
def admit_voter(*, voter_id: UUID, terms: Terms | None, code: str, address: str) -> None:
    """Take a code, and let its voter vote in the round. Two with one code: the row decides who was first.

    Raises NoCodesHere, AdmittedAlready, UnknownCode, TooMany.
    """
    if terms is None or not terms.verified_only:
        raise NoCodesHere
    if is_admitted(voter_id, terms.gate_id):
        raise AdmittedAlready
    spend_code(voter_id, address)
    plain = code[:100].upper().translate(ALIKE)
    found = AdmissionCode.objects.filter(gate=terms.gate, digest=digest_of(terms.gate, plain), used=False)
    if not found.update(used=True):
        raise UnknownCode
    Voter.objects.get_or_create(id=voter_id)
    try:
        with transaction.atomic():
            Admitted.objects.create(gate=terms.gate, voter_id=voter_id)
    except IntegrityError:  # Another tab of the same voter got there first; who raises here spends no code.
        raise AdmittedAlready from None


def is_admitted(voter_id: UUID, gate_id: int) -> bool:
    return Admitted.objects.filter(gate_id=gate_id, voter_id=voter_id).exists()
