"""Who competes and who runs the contest. The public has no accounts."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone


class User(AbstractUser):
    """A person with an account: a member of a team or an organizer. Ours from the first migration, so it can grow.

    Organizers are those with `is_staff`; nobody is a superuser, and permissions are not used.
    """

    class Meta(AbstractUser.Meta):
        constraints = [
            # A person is asked to prove who they are by mail: one address must not stand for two.
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="user_email_is_its_own"),
        ]


class Team(models.Model):
    """Who competes. Entries belong to a team, never to a person."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120, unique=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner"
    MEMBER = "member"


class Membership(models.Model):
    """A user's part in a team. Deleting it ends what the user may see from then on."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once_a_team"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_is_known"),
        ]


class Invitation(models.Model):
    """A place in a team, offered to an address; the link to it is signed and works once. It waits, or is over."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_is_known"),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at=None),
                name="invitation_accepted_by_somebody_or_withdrawn",
            ),
            models.UniqueConstraint(
                "team", Lower("email"), condition=Q(accepted_at=None, withdrawn_at=None), name="invitation_waits_once"
            ),
        ]

    @property
    def good(self) -> bool:
        """Whether its link still opens anything."""
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > timezone.now()


class Action(models.Model):
    """Something that a person with an account did, or the site by itself. Never changed: a trigger refuses it."""

    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="actions")
    action = models.CharField(max_length=40, help_text="What was done, as team.invited or round.opened.")
    subject = models.CharField(max_length=120, help_text="To what, as round 1.")
    details = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["subject", "-id"], name="action_by_subject")]  # one round's or team's log
        ordering = ["-id"]


class Scope(models.TextChoices):
    """What a token may do."""

    READ = "read"
    WORKERS = "workers"


class Token(models.Model):
    """A team's key for scripts. Of the secret only a digest is kept; it is good until somebody revokes it."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret, which is long and random.")
    begins = models.CharField(max_length=12, help_text="The secret's first letters, to tell tokens apart.")
    workers = models.BooleanField(default=False, help_text="Whether it may do more than read: with the team's workers.")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="token_revoked_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="token_has_a_name"),
            models.UniqueConstraint(
                fields=["team", "name"], condition=Q(revoked_at=None), name="token_name_once_a_team"
            ),
        ]
        ordering = ["-id"]

    @property
    def scopes(self) -> list[Scope]:
        return [Scope.READ, *([Scope.WORKERS] if self.workers else [])]
