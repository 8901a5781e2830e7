"""Tokens: what a team's scripts show instead of a password. Made and revoked by its owners; the secret is told once."""

import hashlib
import re
import secrets
from datetime import timedelta
from urllib.parse import unquote

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from accounts.models import Team, Token, User
from accounts.teams import CannotChangeTeam, subject_of

PREFIX = "lms_"  # so that a secret that got out can be found by who looks for such
SECRET = re.compile(PREFIX + r"[\w-]{43}")
MOST = 20
NAME_LENGTH = 60
NOTED_EVERY = timedelta(minutes=1)


class BadName(CannotChangeTeam):
    message = _("A token needs a name of one line and at most 60 characters.")


class NameIsTaken(CannotChangeTeam):
    message = _("The team has a token of this name already.")


class TooManyTokens(CannotChangeTeam):
    message = _("The team has 20 tokens already. Revoke one first.")


class AlreadyRevoked(CannotChangeTeam):
    message = _("This token has been revoked already.")


@transaction.atomic
def make_token(team: Team, *, name: str, workers: bool, by: User) -> tuple[Token, str]:
    """A new token and its secret, which nobody can find out again. Raises BadName, NameIsTaken, TooManyTokens."""
    team = Team.objects.select_for_update().get(pk=team.pk)
    name = name.strip()
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise BadName
    if good_tokens(team).count() >= MOST:
        raise TooManyTokens
    secret = PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            made = Token.objects.create(
                team=team,
                name=name,
                digest=digest_of(secret),
                begins=secret[: len(PREFIX) + 4],
                workers=workers,
                made_by=by,
            )
    except IntegrityError:
        raise NameIsTaken from None
    record(by, "token.made", subject_of(team), name=name, scopes=", ".join(made.scopes))
    return made, secret


@transaction.atomic
def revoke_token(token: Token, *, by: User) -> None:
    """Make a token worthless, for good. Raises AlreadyRevoked."""
    # Two owners at once: one of them finds it done.
    if not good_tokens(token.team).filter(pk=token.pk).update(revoked_at=Now(), revoked_by=by):
        raise AlreadyRevoked
    record(by, "token.revoked", subject_of(token.team), name=token.name)


def good_tokens(team: Team) -> QuerySet[Token]:
    return Token.objects.filter(team=team, revoked_at=None)


def token_shown(secret: str) -> Token | None:
    """The token whose secret this is, if it is good; that it was used is noted, once a minute."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    found = Token.objects.filter(digest=digest_of(secret), revoked_at=None).select_related("team").first()
    if found:
        stale = Q(used_at=None) | Q(used_at__lt=Now() - NOTED_EVERY)
        Token.objects.filter(stale, pk=found.pk).update(used_at=Now())
    return found


def holds_secret(query: str) -> bool:
    """Whether somebody has put what looks like a token's secret into the query of an address."""
    return SECRET.search(unquote(query)) is not None


def digest_of(secret: str) -> str:
    """Of something long and random a plain digest is enough: there is nothing to try out."""
    return hashlib.sha256(secret.encode()).hexdigest()
