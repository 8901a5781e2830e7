"""The console's words: what waits, and what was done."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Action
from frontend.eligibility_words import ALLEGATION_STATES, AXES_SHORT, OUTCOMES
from frontend.words import GROUNDS, ROLES, RULING_EFFECTS, RULING_OUTCOMES
from leaderboard.keys import KEY
from leaderboard.models import LIVE, UNOPENED, Round, RoundState
from leaderboard.needs import Kind, Need

NEEDS: Mapping[Kind, Any] = {
    Kind.HINDERED: gettext_lazy("The schedule cannot move {round} on: {about}."),
    Kind.SIGNATURE: gettext_lazy("{about} asks for a second signature on {round}."),
    Kind.PUBLISH: gettext_lazy("All votes of {round} are counted. Its result waits to be published."),
    Kind.NO_RUN_OFF: gettext_lazy("The run-off of {round} was annulled. Another one waits to be called."),
    Kind.APPEALS: gettext_lazy("The result of {round} is published. Appeals wait to be opened."),
    Kind.FINISH: gettext_lazy("The days for appeals in {round} are over. It waits to be declared final, by two."),
    Kind.APPEAL: gettext_lazy("An appeal in {round} waits for a ruling: {about}."),
    Kind.RULING: gettext_lazy("A ruling in {round} waits to be confirmed by a second organizer: appeal {about}."),
    Kind.NO_BEACON: gettext_lazy(
        "No public random number is named for {round}. A last tie could only be broken by reopening it. Until:"
    ),
    Kind.BEACON: gettext_lazy("The public random number named for {round} is out. Its value waits to be entered."),
    Kind.BEACON_SIGNATURE: gettext_lazy("{about} asks for a second signature on the public random number of {round}."),
    Kind.RE_RUN: gettext_lazy(
        "By the ruling on appeal {about}, {round} is to be reopened or annulled. It cannot become final."
    ),
    Kind.OPENS: gettext_lazy("{round} opens soon."),
    Kind.FREEZES: gettext_lazy("The public board of {round} freezes soon."),
    Kind.ENDS: gettext_lazy("{round} ends soon."),
    Kind.NOBODY_ANSWERS: gettext_lazy("Nobody answers for {about}, so it is not drawn."),
    Kind.WORKER_DOWN: gettext_lazy("A worker does not answer: {about}"),
    Kind.WORKER_REFUSED: gettext_lazy("A worker was refused. {about}"),
    Kind.DRIFT: gettext_lazy("A worker answers otherwise than when it was checked, as another model would: {about}"),
    Kind.UNFIT: gettext_lazy("{round} would not open: {about}."),
    Kind.LEFT_OUT: gettext_lazy(
        "In the contest again by the round before, and not in {round}: {about}. Let them in while it is not frozen."
    ),
    Kind.FAILS: gettext_lazy("A model fails more often in {round} than those it meets: {about}."),
    Kind.UNCOUNTED: gettext_lazy("Votes are cast and not counted: the fold is stuck."),
    Kind.VERDICTS: gettext_lazy("Before the result of {round} can be published, verdicts are wanted on: {about}."),
    Kind.VERDICT_SIGNATURE: gettext_lazy("{about} asks for a second signature under a verdict in {round}."),
    Kind.ALLEGATION: gettext_lazy("An allegation against {about} waits to be settled ({round})."),
    Kind.CALL_PANEL: gettext_lazy("Call {call} has closed. Its panel waits to be named, and votes until:"),
    Kind.CALL_OUTCOME: gettext_lazy("Nobody votes on call {call} any more. What follows waits to be asked for."),
    Kind.CALL_SIGNATURE: gettext_lazy("{about} asks for a second signature under what follows from call {call}."),
    Kind.EXPORT_FAILED: gettext_lazy("An export could not be written: {about}"),
}
# Where something is done that is not done on the round's own page.
DONE_AT: Mapping[Kind, str] = {
    **dict.fromkeys((Kind.VERDICTS, Kind.VERDICT_SIGNATURE, Kind.ALLEGATION), "console_eligibility"),
    **dict.fromkeys((Kind.NO_BEACON, Kind.BEACON, Kind.BEACON_SIGNATURE), "console_beacon"),
}
# How a side failed: the kinds of inference/faults.py.
FAULTS: Mapping[str, Any] = {
    "no_worker": gettext_lazy("had no worker that answers"),
    "busy": gettext_lazy("had no free place in time"),
    "unreachable": gettext_lazy("could not be reached"),
    "rejected": gettext_lazy("answered with an error"),
    "silent": gettext_lazy("said nothing in time"),
    "stalled": gettext_lazy("stopped in the middle"),
    "endless": gettext_lazy("did not come to an end"),
    "broken": gettext_lazy("broke off"),
    "rubbish": gettext_lazy("sent what is no answer"),
    "speechless": gettext_lazy("ended without a word"),
    "spent": gettext_lazy("spent all its tokens on thoughts"),
}
PARTS: Mapping[str, Any] = {
    "competing": gettext_lazy("takes part"),
    "eliminated": gettext_lazy("eliminated"),
    "withdrawn": gettext_lazy("withdrawn"),
    "disqualified": gettext_lazy("disqualified"),
    "suspended": gettext_lazy("suspended"),
}
ROLE_MARKS: Mapping[str, Any] = {
    "reference": gettext_lazy("reference"),
    "wildcard": gettext_lazy("wildcard"),
}
# What may become of an entry: on a button, and what that does.
PART_CHANGES: Mapping[str, tuple[Any, Any]] = {
    "competing": (gettext_lazy("Let it take part again"), gettext_lazy("It is drawn again from the next battle on.")),
    "suspended": (
        gettext_lazy("Suspend"),
        gettext_lazy("It is not drawn from the next battle on and is not ranked. It can be let in again."),
    ),
    "withdrawn": (
        gettext_lazy("Let it withdraw"),
        gettext_lazy(
            "Its team takes it out: it is not drawn from the next battle on and is not ranked. Its votes stay. "
            "In this round it cannot come back."
        ),
    ),
    "disqualified": (
        gettext_lazy("Disqualify"),
        gettext_lazy(
            "It broke the rules: it is not drawn from the next battle on and is not ranked. Its votes stay. "
            "This can be taken back."
        ),
    ),
    "replaced": (
        gettext_lazy("Replace"),
        gettext_lazy(
            "In an emergency: it is withdrawn for good, and another model of its team competes from the next battle "
            "on, without votes. No vote is handed on."
        ),
    ),
}
STATES: Mapping[str, Any] = {
    "draft": gettext_lazy("Draft"),
    "scheduled": gettext_lazy("Scheduled"),
    "open": gettext_lazy("Open"),
    "frozen": gettext_lazy("Frozen"),
    "closed": gettext_lazy("Closed"),
    "tallied": gettext_lazy("Counted"),
    "run_off": gettext_lazy("Run-off"),
    "provisional": gettext_lazy("Provisional result"),
    "appeal": gettext_lazy("Appeals"),
    "final": gettext_lazy("Final result"),
    "annulled": gettext_lazy("Annulled"),
}
STEPS: Mapping[str, Any] = {
    "draft": gettext_lazy("Take back to a draft"),
    "scheduled": gettext_lazy("Announce"),
    "open": gettext_lazy("Open now"),
    "frozen": gettext_lazy("Freeze now"),
    "closed": gettext_lazy("Close now"),
    "tallied": gettext_lazy("Count all votes"),
    "run_off": gettext_lazy("Call a run-off"),
    "provisional": gettext_lazy("Publish the result"),
    "appeal": gettext_lazy("Open appeals"),
    "final": gettext_lazy("Declare it final"),
    "annulled": gettext_lazy("Annul"),
}
# What a step leaves open, and what not.
ENTERING: Mapping[str, Any] = {
    "draft": gettext_lazy("It can be announced again at any time."),
    "scheduled": gettext_lazy("Until it opens it can be taken back to a draft."),
    "open": gettext_lazy("It cannot become a draft again: entries and the rules about ties and ratings are fixed."),
    "frozen": gettext_lazy("Nobody can end the freeze before the result is published."),
    "closed": gettext_lazy("It can be reopened until the result is final."),
    "tallied": gettext_lazy("It can be reopened until the result is final."),
    "run_off": gettext_lazy("Everybody sees the final numbers. The result is published when the run-off is counted."),
    "provisional": gettext_lazy(
        "Everybody sees who is out. To take that back, the round has to be reopened or annulled."
    ),
    "appeal": gettext_lazy("It can be reopened until the result is final."),
    "final": gettext_lazy("This cannot be undone."),
    "annulled": gettext_lazy("This cannot be undone."),
}
ACTIONS: Mapping[str, Any] = {
    "team.invited": gettext_lazy("invited {who} as {role}"),
    "team.invitation_withdrawn": gettext_lazy("withdrew the invitation of {who}"),
    "team.joined": gettext_lazy("joined as {role}"),
    "team.role_changed": gettext_lazy("made {who}: {role}"),
    "team.left": gettext_lazy("left"),
    "team.removed": gettext_lazy("took {who} out"),
    "token.made": gettext_lazy("made the token {name}: {scopes}"),
    "token.revoked": gettext_lazy("revoked the token {name}"),
    "server.entered": gettext_lazy("entered a server of {entry}: {url}"),
    "server.checked": gettext_lazy("had a server of {entry} checked again: {url}"),
    "server.drained": gettext_lazy("took a server of {entry} out of service: {url}"),
    "server.resumed": gettext_lazy("let a server of {entry} back in: {url}"),
    "server.removed": gettext_lazy("removed a server of {entry}: {url}"),
    "entry.entered": gettext_lazy("entered {entry}"),
    "entry.described": gettext_lazy("stated what {entry} is: {changed}"),
    "worker.entered": gettext_lazy("the token {token} entered {url}"),
    "worker.drained": gettext_lazy("the token {token} took {url} out of service"),
    "worker.resumed": gettext_lazy("the token {token} let {url} back in"),
    "round.draft_changed": gettext_lazy("changed the draft"),
    "round.moved": gettext_lazy("{start} → {to}"),
    "round.moved_by_two": gettext_lazy("{start} → {to}, confirmed by {confirmed_by}"),
    "round.asked": gettext_lazy("asked for a second signature: {to}"),
    "round.withdrawn": gettext_lazy("withdrew what was asked for: {to}"),
    "round.amended": gettext_lazy("amended the rules: version {version}"),
    "entry.changed": gettext_lazy("{who}: {before} → {after}"),
    "entry.admitted": gettext_lazy("{who} came in"),
    "allegation.raised": gettext_lazy("entered an allegation: {axis}"),
    "allegation.settled": gettext_lazy("an allegation: {before} → {after}"),
    "allegation.rebutted": gettext_lazy("answered an allegation"),
    "allegation.hidden": gettext_lazy("hid an allegation for {days} days"),
    "allegation.shown": gettext_lazy("showed an allegation again"),
    "verdict.asked": gettext_lazy("asked for a second signature: {who}, {axis}: {outcome}"),
    "verdict.given": gettext_lazy("gave a verdict: {who}, {axis}: {outcome}"),
    "verdict.withdrawn": gettext_lazy("withdrew a verdict that was asked for: {who}, {axis}: {outcome}"),
    "incident.reported": gettext_lazy("told of an incident"),
    "appeal.filed": gettext_lazy("filed appeal {n} for {team}: {ground}"),
    "appeal.withdrawn": gettext_lazy("withdrew appeal {n} of {team}"),
    "ruling.proposed": gettext_lazy("proposed a ruling on appeal {n}: {outcome}, {effect}"),
    "ruling.confirmed": gettext_lazy("confirmed the ruling of {proposed_by} on appeal {n}: {outcome}, {effect}"),
    "ruling.withdrawn": gettext_lazy("withdrew the proposed ruling on appeal {n}"),
    "ruling.dissented": gettext_lazy("dissented from the ruling on appeal {n}"),
    "beacon.named": gettext_lazy("named a public random number for a last tie: {source}, number {n}"),
    "beacon.entered": gettext_lazy("entered its value, for a second signature: {value}"),
    "beacon.confirmed": gettext_lazy("confirmed the value that {entered_by} entered: {value}"),
    "beacon.withdrawn": gettext_lazy("withdrew the value that was entered: {value}"),
    "consequences.settled": gettext_lazy("workers taken out of service: {drained}, let back in: {resumed}"),
    "call.made": gettext_lazy("called for more models after round {round}"),
    "call.applied": gettext_lazy("{team} applied with {who}"),
    "call.application_withdrawn": gettext_lazy("{team} withdrew its application with {who}"),
    "call.panelist_replaced": gettext_lazy("named {comes} to the panel instead of {who}"),
    "call.panel_seated": gettext_lazy("named the panel: {who}"),
    "call.voted": gettext_lazy("voted on the application of {team}"),
    "call.outcome_asked": gettext_lazy("asked for a second signature: {admitted} admitted"),
    "call.outcome_withdrawn": gettext_lazy("withdrew the outcome that was asked for"),
    "call.decided": gettext_lazy("confirmed the outcome: {admitted} admitted"),
    "judge.named": gettext_lazy("named {who} a judge of {component}"),
    "judge.conflict": gettext_lazy("noted a conflict of {who} with {team} ({component})"),
    "marks.entered": gettext_lazy("entered marks of {component}: {marks} new, {corrected} corrected"),
    "voters.invited": gettext_lazy("made {number} invitation codes"),
    "export.asked": gettext_lazy("had board {board} exported"),
}
# What a ruling does once it is confirmed.
RULING_DOES: Mapping[str, Any] = {
    "none": gettext_lazy("The reasons are published; who is out stays as it is."),
    "recompute": gettext_lazy(
        "The cut is made again over the same votes, with what was corrected since. "
        "What was decided before stays on record."
    ),
    "reinstate": gettext_lazy(
        "It competes again. Its log says by which ruling, and nobody goes out in its place unless the ruling says so."
    ),
    "verdict": gettext_lazy(
        "A verdict on whether it may compete takes the place of the one before, in the words of the ruling. The cut is "
        "made again among those who pass."
    ),
    "re_run": gettext_lazy(
        "The result cannot become final until the round is reopened with a new end, or annulled, by the usual step."
    ),
}
DRAFTED = gettext_lazy("made the draft")
DETAILS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("role", ROLES),
    ("start", STATES),
    ("to", STATES),
    ("before", {**ALLEGATION_STATES, **PARTS}),
    ("after", {**ALLEGATION_STATES, **PARTS}),
    ("axis", AXES_SHORT),
    ("outcome", {**OUTCOMES, **RULING_OUTCOMES}),
    ("ground", GROUNDS),
    ("effect", RULING_EFFECTS),
)


def need_words(need: Need) -> str:
    about = {"round": round_words(need.round) if need.round else "", "call": need.call and need.call.number}
    return str(NEEDS[need.kind]).format(**about, about=need.about)


def step_words(start: str, to: str) -> str:
    """What the step from one state to another is called on a button."""
    if start == to == RoundState.RUN_OFF:
        return _("Call another run-off")
    if start == to:
        return _("Move the end")
    if to in LIVE and start not in (*UNOPENED, RoundState.OPEN):
        return _("Reopen") if to == RoundState.OPEN else _("Reopen behind the frozen board")
    return str(STEPS[to])


def round_words(contest: Round) -> str:
    return numbered_words(contest.number, contest.leg)


def numbered_words(number: int, leg: int) -> str:
    if leg > 1:
        return _("Run-off {leg} of round {n}").format(leg=leg, n=number)
    return (_("Run-off of round {n}") if leg else _("Round {n}")).format(n=number)


def subject_words(subject: str) -> str:
    """What an action was about: a round in words, anything else as the log calls it."""
    named = re.fullmatch(f"round {KEY}", subject)
    if named is None:
        return subject
    number, run_off, leg = named.groups()
    return numbered_words(int(number), int(leg or 1) if run_off else 0)


def action_words(row: Action) -> str:
    """What was done, in words; what this code has no words for, by its name."""
    details = dict(row.details)
    for key, words in DETAILS:
        if details.get(key) in words:
            details[key] = words[details[key]]
    template = DRAFTED if row.action == "round.moved" and not details["start"] else ACTIONS.get(row.action)
    return str(template).format(**details) if template else row.action
