"""Second factors: what organizers must have and members may. Their secrets are not readable in the database."""

import base64

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import User


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's, with secrets under our own: who finds a backup cannot make anybody's codes."""

    def encrypt(self, text: str) -> str:
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher().decrypt(encrypted_text.encode()).decode()


def cipher() -> Fernet:
    secret = salted_hmac("accounts.second_factors", "", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(secret))


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def showed_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session did: one that is older than the factor never was asked for it."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


def forget_second_factors(user: User) -> None:
    """For who lost the phone and the recovery codes; the next visit sets up a new one."""
    Authenticator.objects.filter(user_id=user.pk).delete()
