"""Organizers: the accounts of those who run the contest."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.second_factors import forget_second_factors


class NoOrganizer(Exception):
    """There can be no such organizer, or there is none; the words say why."""


def add_organizer(*, name: str, email: str, password: str) -> User:
    """A new account of an organizer. Raises NoOrganizer."""
    if User.objects.filter(username__iexact=name).exists():
        raise NoOrganizer(f"there is an account {name} already; --change-password gives it a new password")
    if not email:
        raise NoOrganizer("an organizer needs an e-mail address")
    if User.objects.filter(email__iexact=email).exists():
        raise NoOrganizer(f"there is an account with the address {email} already")
    organizer = User(username=name, email=email.lower(), is_staff=True)
    _give(organizer, password)
    return organizer


def change_password(*, name: str, password: str) -> User:
    """Give an organizer another password. Raises NoOrganizer."""
    organizer = _named(name)
    _give(organizer, password)
    return organizer


def forget_factors(*, name: str) -> User:
    """For one who lost the phone and the recovery codes: the next visit sets up new ones. Raises NoOrganizer."""
    organizer = _named(name)
    forget_second_factors(organizer)
    return organizer


def _named(name: str) -> User:
    organizer = User.objects.filter(username=name, is_staff=True).first()
    if organizer is None:
        raise NoOrganizer(f"there is no organizer {name}")
    return organizer


@transaction.atomic
def _give(organizer: User, password: str) -> None:
    try:
        validate_password(password, organizer)
        organizer.set_password(password)
        organizer.full_clean()
    except ValidationError as wrong:
        raise NoOrganizer(" ".join(wrong.messages)) from None
    organizer.save()
    # Whoever may run the command vouches for the address.
    EmailAddress.objects.update_or_create(
        user=organizer, email=organizer.email, defaults={"verified": True, "primary": True}
    )
