"""Codes of second factors, each taken once: also a code of the half minute before, which is still good."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django.core.cache import cache

GOOD_SECONDS = 90  # its own half minute, and one on either side for clocks that differ


def refuse_used(user_id: int, code: str) -> None:
    """Raise a form's error for a code that was taken already. allauth forgets it after half a minute."""
    if not cache.add(f"accounts.codes:{user_id}:{code.strip()}", True, GOOD_SECONDS):
        raise get_adapter().validation_error("incorrect_code")


class SignInForm(AuthenticateForm):  # type: ignore[misc]  # allauth ships no types
    def clean_code(self) -> Any:
        code = super().clean_code()
        refuse_used(self.user.pk, code)
        return code


class AgainForm(ReauthenticateForm):  # type: ignore[misc]
    def clean_code(self) -> Any:
        code = super().clean_code()
        refuse_used(self.user.pk, code)
        return code
