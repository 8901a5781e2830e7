"""What cannot be undone is asked for by one organizer and confirmed by another."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from leaderboard.entering import CannotMove
from leaderboard.models import Proposal, Round, RoundState, Transition
from leaderboard.states import held, refuse_step, refuse_stranger, take_step
from leaderboard.transitions import Said


@transaction.atomic
def propose_move(contest: Round, to: RoundState, *, by: User, reason: str, reason_ko: str = "") -> Proposal:
    """Ask for a step that needs two. It is taken when another organizer confirms it. Raises CannotMove."""
    contest = held(contest)
    step = refuse_step(contest, to, Said(by, reason, reason_ko))
    if not step.of_two:
        raise CannotMove(_("one organizer is enough for that"))
    if waiting_proposal(contest):
        raise CannotMove(_("another step waits to be confirmed; confirm or withdraw that first"))
    record(by, "round.asked", contest.subject, to=str(to), reason=reason.strip(), reason_ko=reason_ko.strip())
    return Proposal.objects.create(
        round=contest,
        from_state=contest.state,
        to_state=to,
        reason=reason.strip(),
        reason_ko=reason_ko.strip(),
        asked_by=by,
    )


def waiting_proposal(contest: Round) -> Proposal | None:
    """The step that waits for a second organizer, if one does."""
    return contest.proposals.filter(withdrawn_by=None, transition=None).select_related("asked_by").first()


@transaction.atomic
def confirm_move(proposal: Proposal, *, by: User) -> Transition:
    """Take the step that another organizer has asked for. Raises CannotMove."""
    contest, proposal = _still_waiting(proposal)
    if by == proposal.asked_by:
        raise CannotMove(_("who has asked for it cannot confirm it, too"))
    if contest.state != proposal.from_state:
        raise CannotMove(_("the round has moved since this was asked for; withdraw it and ask again"))
    said = Said(proposal.asked_by, proposal.reason, proposal.reason_ko, confirmed_by=by)
    proposal.transition = take_step(contest, RoundState(proposal.to_state), said)
    proposal.save(update_fields=["transition"])
    return proposal.transition


@transaction.atomic
def withdraw_proposal(proposal: Proposal, *, by: User) -> None:
    """Any organizer may end the waiting. Raises CannotMove."""
    refuse_stranger(by)
    contest, proposal = _still_waiting(proposal)
    proposal.withdrawn_by = by
    proposal.save(update_fields=["withdrawn_by"])
    record(by, "round.withdrawn", contest.subject, to=proposal.to_state)


def _still_waiting(proposal: Proposal) -> tuple[Round, Proposal]:
    # The round first: two organizers who confirm at once queue up there.
    contest = held(proposal.round)
    found = Proposal.objects.select_related("asked_by").get(pk=proposal.pk)
    if found.transition_id or found.withdrawn_by_id:
        raise CannotMove(_("it has been settled already"))
    return contest, found
