"""What a visitor may not do, in one family: a code for scripts, a status, words in the visitor's language.

One place turns them into an answer: `arena.middleware` for HTTP, `arena.consumers` for sockets.
"""

from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

DATABASE_AWAY = (OperationalError, InterfaceError)  # what Django raises when it cannot be reached, or goes away


class Refusal(Exception):
    """You may not, with a code, a status and words for the visitor. Not an error of ours."""

    code = "refused"
    status = 400
    message: Any = _("That is not possible.")
    retry_after: int | None = None  # seconds


class NoOpenRound(Refusal):
    code, status = "no_open_round", 409
    message = _("No round is open at the moment. The board shows the last result.")


class NotInvited(Refusal):
    code, status = "invitation_needed", 403
    message = _("Only who was invited votes in this round. Please enter your invitation code first.")


class UnknownCode(Refusal):
    code, status = "unknown_code", 403
    message = _("This code is none of this round, or it was used already. Please compare it once more.")


class NoCodesHere(Refusal):
    code, status = "no_codes_here", 409
    message = _("No round that asks for an invitation code is open at the moment.")


class AdmittedAlready(Refusal):
    code, status = "admitted_already", 409
    message = _("This device has entered a code already and may vote. The code was not used.")


class NobodyToDraw(Refusal):
    code, status = "nobody_to_draw", 503
    message = _("Too few models can answer right now. Please try again in a minute.")
    retry_after = 60


class LineIsFull(Refusal):
    code, status = "line_full", 503
    message = _("So many people are asking right now that the line is full. Please try again in a few minutes.")
    retry_after = 120

    def __init__(self, seconds: int | None = None) -> None:
        self.retry_after = seconds or self.retry_after


class LeftLine(Refusal):
    code, status = "left_line", 409
    message = _("You have left the line. Your question is back in the box.")


class PlaceLost(Refusal):
    code, status = "place_lost", 409
    message = _("The connection was gone for too long, and your place in the line with it. Please ask again.")


class NotYourBattle(Refusal):
    code, status = "not_your_battle", 404
    message = _("There is no such battle on this device.")


class NoVisitor(Refusal):
    code, status = "no_visitor", 403
    message = _("Your browser sent no visitor cookie. Allow cookies for this site and reload the page.")


class NothingToVoteOn(Refusal):
    code, status = "nothing_to_vote_on", 409
    message = _("Both answers must be there before you can vote.")


class AlreadyVoted(Refusal):
    code, status = "already_voted", 409
    message = _("You have already voted on this battle.")


class BattleIsVoid(Refusal):
    code, status = "battle_void", 409
    message = _("This battle does not count. Please start a new one.")


class NothingToReport(Refusal):
    code, status = "nothing_to_report", 409
    message = _("There is no answer here that could be reported.")


class RoundClosed(Refusal):
    code, status = "round_closed", 409
    message = _("This round has closed; no more votes count. A new battle belongs to the next round.")


class StillAnswering(Refusal):
    code, status = "still_answering", 409
    message = _("Both are still answering. Wait, or press stop.")


class NotAnswering(Refusal):
    code, status = "not_answering", 409
    message = _("Nobody is answering at the moment.")


class NoTurnsLeft(Refusal):
    code, status = "no_turns_left", 409
    message = _("This conversation has reached its last turn. Please vote.")


class EmptyPrompt(Refusal):
    code, status = "empty_prompt", 400
    message = _("Please write something first.")


class PromptTooLong(Refusal):
    code, status = "prompt_too_long", 400

    def __init__(self, length: int, limit: int) -> None:
        self.message = format_lazy(
            _("Your prompt has {length} characters; at most {limit} are possible."),
            length=length,
            limit=limit,
        )


class UnreadablePrompt(Refusal):
    code, status = "unreadable_prompt", 400
    message = _("Your prompt holds characters that are not text. Please paste it as plain text.")


class PromptNotAllowed(Refusal):
    code, status = "prompt_not_allowed", 403
    message = _("This question is not passed on: it may be harmful or unlawful. Nothing of it was stored.")


class UnknownWinner(Refusal):
    code, status = "unknown_winner", 400
    message = _("The verdict must be one of: a, b, tie, both_bad.")


class BadRequest(Refusal):
    code, status = "bad_request", 400
    message = _("The site did not understand that request.")


class NoSuchAddress(Refusal):
    code, status = "no_such_address", 404
    message = _("The API has no such address.")


class WrongMethod(Refusal):
    code, status = "wrong_method", 405
    message = _("This address cannot be asked like that. The header Allow says how it can.")


class OurError(Refusal):
    code, status = "our_error", 500
    message = _("This is an error of the site, and not your doing. It has been written down.")


class TokenInAddress(Refusal):
    code, status = "token_in_address", 400
    message = _(
        "A token was sent in an address, where others may read it. Revoke it, and send the next one as a header: "
        "Authorization: Bearer lms_…"
    )


class BadFrame(Refusal):
    code, status = "bad_frame", 400
    message = _("The site did not understand that message.")


class StaleForm(Refusal):
    code, status = "csrf", 403
    message = _("This page has grown old. Reload it and try again.")


class NoSuchSeries(Refusal):
    code, status = "no_such_series", 404
    message = _("There is no such board.")


class UnknownCategory(Refusal):
    code, status = "unknown_category", 400
    message = _("There is no such category. Known are ko, en, other, code, maths, writing, long, multi_turn and style.")


class UnknownKind(Refusal):
    code, status = "unknown_kind", 400
    message = _("The log knows no lines of such a kind.")


class NoCategories(Refusal):
    code, status = "no_categories", 404
    message = _("Nothing is known of the questions behind this board.")


class NoSuchRound(Refusal):
    code, status = "no_such_round", 404
    message = _("There is no such round.")


class NoSuchEdition(Refusal):
    code, status = "no_such_edition", 404
    message = _("There is no such edition of the decision, or no scores were kept with it.")


class NoSuchList(Refusal):
    code, status = "no_such_list", 404
    message = _("There is no official list of that day.")


class NoMoreVotes(Refusal):
    code, status = "no_more_votes", 409
    message = _("No more votes come in, so there is nothing left to suppose.")


class NotAmongThem(Refusal):
    code, status = "not_among_them", 409
    message = _("The cut of this round is not about this model: there is nothing to suppose.")


class BadWhatIf(Refusal):
    """Nothing can be supposed like that. The words say what is wrong."""

    code, status = "bad_what_if", 400

    def __init__(self, why: str) -> None:
        self.why = why

    @property
    def message(self) -> str:
        return gettext("That cannot be supposed: %(why)s.") % {"why": self.why}


class NoSuchEntry(Refusal):
    code, status = "no_such_entry", 404
    message = _("There is no such entry.")


class NoSuchVersion(Refusal):
    code, status = "no_such_version", 404
    message = _("The rulebook of this round has no such version.")


class SiteAway(Refusal):
    """What the site keeps everything in cannot be reached. Not the visitor's doing, but theirs to know."""

    code, status = "site_away", 503
    message = _("The site cannot keep anything right now. Please try again in a few seconds.")
    retry_after = 5


class MailAway(Refusal):
    code, status = "mail_away", 503
    message = _("The mail could not be sent. Please try again in a few minutes.")
    retry_after = 120


class NoSuchCall(Refusal):
    code, status = "no_such_call", 404
    message = _("There is no such call.")


class NoToken(Refusal):
    code, status = "no_token", 401
    message = _("A team's token is needed: Authorization: Bearer lms_…")


class TokenMayNot(Refusal):
    code, status = "token_may_not", 403
    message = _("This token may only read. Make one that may also change the team's workers.")


class TokenOnlyReads(Refusal):
    code, status = "token_only_reads", 403
    message = _("No model of this team is in the contest any more, so that its tokens only read.")


class NoSuchWorker(Refusal):
    code, status = "no_such_worker", 404
    message = _("Your team has no such worker.")


class TeamsDoNotHost(Refusal):
    code, status = "teams_do_not_host", 403
    message = _("By its rulebook the workers of this model are entered by organizers.")


class BadWorker(Refusal):
    """A worker cannot be entered like that. The words say what is wrong."""

    code, status = "bad_worker", 422

    def __init__(self, why: str) -> None:
        self.why = why

    @property
    def message(self) -> str:
        return gettext("This worker cannot be entered: %(why)s.") % {"why": self.why}


class TooMany(Refusal):
    """A limit was reached. The words say when to come back."""

    code, status = "too_many", 429

    def __init__(self, seconds: int) -> None:
        self.retry_after = seconds

    @property
    def message(self) -> str:
        seconds = self.retry_after or 1
        if seconds < 90:
            return ngettext(
                "That was a lot at once. Please come back in %(n)d second.",
                "That was a lot at once. Please come back in %(n)d seconds.",
                seconds,
            ) % {"n": seconds}
        minutes = -(-seconds // 60)
        return ngettext(
            "That was a lot at once. Please come back in %(n)d minute.",
            "That was a lot at once. Please come back in %(n)d minutes.",
            minutes,
        ) % {"n": minutes}
