"""Members' votes on their own team's entries: kept, and not counted. Which devices are members', and nothing else."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from arena.models import Voter, VoterAccount


@transaction.atomic
def remember_device(voter_id: UUID, user: User) -> bool:
    """A person is signed in on this device. False if they are of no team, and so nothing is kept.

    Votes cast before stay as they are: nobody knew then whose device it was, and what is counted is not rewritten.
    """
    if not user.memberships.exists():
        return False
    voter, _ = Voter.objects.get_or_create(id=voter_id)
    VoterAccount.objects.get_or_create(voter=voter, user=user)
    return True
