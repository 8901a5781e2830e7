"""Workers' keys as the database keeps them: encrypted under WORKER_KEYS, which are not in it.

The first of WORKER_KEYS seals, and any of them opens, so that a new one can be put before the old one, everything
sealed anew (`manage.py seal_keys`), and the old one be left out.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from inference.faults import Keyless


def seal(key: str) -> str:
    """What the database keeps of a key; nothing of nothing."""
    return _box().encrypt(key.encode()).decode() if key else ""


def unseal(sealed: str) -> str:
    """The key. Raises Keyless where it was sealed under another of WORKER_KEYS."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed).decode()
    except InvalidToken:
        raise Keyless("its key was sealed under other WORKER_KEYS") from None


def _box() -> MultiFernet:
    # Each is long and random, so that a plain digest makes the 32 bytes of it that are wanted.
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(one.encode()).digest())) for one in settings.WORKER_KEYS])
