"""Teams: who is in them, as what, and what members may change. A team that has an owner never loses the last."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from accounts.models import Membership, Role, Team, User


class CannotChangeTeam(Exception):
    """The team stays as it is. `message` says why, to the person who tried."""

    message: Any = _("The team was not changed.")


class LastOwner(CannotChangeTeam):
    message = _("This is the team's last owner. Make somebody else an owner first.")


class NotIn(CannotChangeTeam):
    message = _("This person is no longer in the team.")


@transaction.atomic
def change_role(team: Team, user: User, role: Role, *, by: User) -> None:
    """Make a member an owner, or the other way round. Raises LastOwner, NotIn."""
    membership = held(team, user)
    if membership.role == role:
        return
    refuse_last_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    record(by, "team.role_changed", subject_of(team), who=user.username, role=role)


@transaction.atomic
def remove(team: Team, user: User, *, by: User) -> None:
    """Take somebody out of the team; themselves, if they leave. Raises LastOwner, NotIn."""
    membership = held(team, user)
    refuse_last_owner(membership)
    membership.delete()
    record(by, "team.left" if by == user else "team.removed", subject_of(team), who=user.username)


def held(team: Team, user: User) -> Membership:
    """The membership, with the team held until the end of the transaction. Raises NotIn."""
    # Two owners who take each other out at the same moment: the second waits here, and is the last.
    Team.objects.select_for_update().get(pk=team.pk)
    found = Membership.objects.filter(team=team, user=user).first()
    if found is None:
        raise NotIn
    return found


def refuse_last_owner(membership: Membership) -> None:
    owners = Membership.objects.filter(team_id=membership.team_id, role=Role.OWNER)
    if membership.role == Role.OWNER and owners.count() == 1:
        raise LastOwner


def subject_of(team: Team) -> str:
    """What the log calls a team."""
    return f"team {team.slug}"
