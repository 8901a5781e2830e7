"""Invitations: how somebody gets an account and a place in a team. By mail, for a week, once."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from accounts.models import Invitation, Membership, Role, Team, User
from accounts.teams import CannotChangeTeam, subject_of

SIGNER = signing.Signer(salt="accounts.invitations")
LIFETIME = timedelta(days=7)


class AlreadyIn(CannotChangeTeam):
    message = _("This person is in the team already.")


class InvitationIsOver(CannotChangeTeam):
    message = _("This invitation is used up, withdrawn or too old. Please ask for another.")


class AddressIsTaken(CannotChangeTeam):
    message = _("There is an account with this address already. Sign in with it, and open the link again.")


class NotSafe(Exception):
    """There can be no such account. `errors` says why, by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors


@transaction.atomic
def invite(team: Team, *, email: str, role: Role, by: User) -> Invitation:
    """Invite an address into the team; an invitation that still waits for it is replaced. Raises AlreadyIn."""
    Team.objects.select_for_update().get(pk=team.pk)
    address = email.lower()
    if team.memberships.filter(user__email__iexact=address).exists():
        raise AlreadyIn
    waiting(team).filter(email=address).update(withdrawn_at=timezone.now())
    made = Invitation.objects.create(
        team=team, email=address, role=role, invited_by=by, expires_at=timezone.now() + LIFETIME
    )
    record(by, "team.invited", subject_of(team), who=masked(address), role=role)
    return made


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User) -> None:
    """Make the link of an invitation worthless. Raises InvitationIsOver."""
    # Whoever accepts at the same moment decides it.
    changed = waiting(invitation.team).filter(pk=invitation.pk).update(withdrawn_at=timezone.now())
    if not changed:
        raise InvitationIsOver
    record(by, "team.invitation_withdrawn", subject_of(invitation.team), who=masked(invitation.email))


def waiting(team: Team) -> QuerySet[Invitation]:
    """The team's invitations that nobody has accepted or withdrawn, run out or not."""
    return Invitation.objects.filter(team=team, accepted_at=None, withdrawn_at=None)


def token_of(invitation: Invitation) -> str:
    """What stands in the link: only we can make it, and the row says whether it is still good."""
    return SIGNER.sign(str(invitation.pk))


def invitation_of(token: str) -> Invitation:
    """The invitation that a link is of. Raises InvitationIsOver."""
    try:
        number = int(SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        raise InvitationIsOver from None
    found = Invitation.objects.select_related("team").filter(pk=number).first()
    if found is None or not found.good:
        raise InvitationIsOver
    return found


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Membership:
    """Take the place in the team. Raises InvitationIsOver, AlreadyIn."""
    team = Team.objects.select_for_update().get(pk=invitation.team_id)
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not invitation.good:
        raise InvitationIsOver
    if team.memberships.filter(user=user).exists():
        raise AlreadyIn
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    made = Membership.objects.create(team=team, user=user, role=invitation.role)
    record(user, "team.joined", subject_of(team), who=user.username, role=invitation.role)
    return made


@transaction.atomic
def accept_as_newcomer(invitation: Invitation, *, name: str, password: str) -> User:
    """A new account with the invitation's address, in the team. Raises NotSafe, AddressIsTaken, InvitationIsOver."""
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise AddressIsTaken
    user = User(username=name, email=invitation.email)
    try:
        validate_password(password, user)
    except ValidationError as wrong:
        raise NotSafe({"password": wrong.messages}) from None
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as wrong:
        raise NotSafe({"name": [word for words in wrong.message_dict.values() for word in words]}) from None
    if User.objects.filter(username__iexact=name).exists():
        raise NotSafe({"name": [str(_("This name is taken."))]})
    user.save()
    # The link came by mail to this address.
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    accept(invitation, user)
    return user


def masked(address: str) -> str:
    """An address as the log shows it: enough to know which was meant, for who knows it already."""
    name, _at, host = address.partition("@")
    return f"{name[:1]}…@{host}"
