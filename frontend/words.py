"""The words that scripts put on a page, in the visitor's language: gettext stays the only catalogue.

Values stand as {name}; where a number decides the form, the key has one word for `one` and one for `other`.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

DEMO_BANNERS: Mapping[str, Any] = {
    "real": gettext_lazy("Demonstration: four very small models. They speak English only, and are often wrong."),
    "echo": gettext_lazy("Demonstration without models: all four contestants only repeat your prompt."),
    "season": gettext_lazy(
        "A simulated season: the contestants are made up, and a program cast the votes so far. Asked by you, they only "
        "repeat your prompt."
    ),
    "contest": gettext_lazy(
        "A simulated contest: teams, votes and decisions are made up. Asked by you, the contestants only repeat "
        "your prompt."
    ),
}
STATUSES: Mapping[str, Any] = {
    "safe": gettext_lazy("Safe"),
    "at_risk": gettext_lazy("At risk"),
    "in_danger": gettext_lazy("In danger"),
    "provisional": gettext_lazy("Too few votes yet"),
    "locked_out": gettext_lazy("Locked out"),
    "eliminated": gettext_lazy("Eliminated"),
    "ranked": gettext_lazy("Ranked"),
    "reference": gettext_lazy("Reference"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "disqualified": gettext_lazy("Disqualified"),
    "suspended": gettext_lazy("Suspended"),
}
ROLES: Mapping[str, Any] = {"member": gettext_lazy("Member"), "owner": gettext_lazy("Owner")}
GROUNDS: Mapping[str, Any] = {
    "counting": gettext_lazy("The counting of votes"),
    "scoring": gettext_lazy("The score"),
    "eligibility": gettext_lazy("Eligibility"),
    "procedure": gettext_lazy("The procedure"),
    "conduct": gettext_lazy("Somebody's conduct"),
}
RULING_OUTCOMES: Mapping[str, Any] = {
    "granted": gettext_lazy("Granted"),
    "partly": gettext_lazy("Granted in part"),
    "dismissed": gettext_lazy("Dismissed"),
}
RULING_EFFECTS: Mapping[str, Any] = {
    "none": gettext_lazy("The result stays as it is"),
    "recompute": gettext_lazy("The result is computed anew"),
    "reinstate": gettext_lazy("A model stays in the contest"),
    "verdict": gettext_lazy("A model is judged anew"),
    "re_run": gettext_lazy("The vote is held again, or the round is annulled"),
}
# What a board says of its round, by the round's state: in short, and what it means.
ROUND_STATES: Mapping[str, tuple[Any, Any]] = {
    "open": (gettext_lazy("Open until"), ""),
    "frozen": (gettext_lazy("Open until"), gettext_lazy("The board stands still until the result. Votes still count.")),
    "closed": (gettext_lazy("Voting is over"), gettext_lazy("The votes are being counted.")),
    "tallied": (gettext_lazy("Voting is over"), gettext_lazy("All votes are counted. The result is being checked.")),
    "run_off": (gettext_lazy("Voting is over"), gettext_lazy("The line is tied. A run-off decides.")),
    "provisional": (gettext_lazy("Provisional result"), gettext_lazy("Its votes no longer change.")),
    "appeal": (gettext_lazy("Provisional result"), gettext_lazy("Appeals can be made against it.")),
    "final": (gettext_lazy("Final result"), gettext_lazy("Its votes no longer change.")),
    "annulled": (gettext_lazy("Annulled"), gettext_lazy("This round decides nothing, and nobody is out by it.")),
}
RUN_OFF: Mapping[str, Any] = {
    "run_off_among": gettext_lazy("The line is tied. A run-off among {names} decides."),
    "to_the_run_off": gettext_lazy("To the run-off"),
    "to_the_next_round": gettext_lazy("To the next round"),
}
# What an entry is and where it comes from; the keys are those of inference/models.py. Empty: not stated.
REASONING: Mapping[str, Any] = {
    "": gettext_lazy("Not stated"),
    "off": gettext_lazy("Off"),
    "on": gettext_lazy("On"),
    "auto": gettext_lazy("As the model decides"),
}
OPENNESS: Mapping[str, Any] = {
    "": gettext_lazy("Not stated"),
    "open": gettext_lazy("Open to everybody"),
    "on_request": gettext_lazy("On request"),
    "closed": gettext_lazy("Not public"),
}
COMMERCIAL_USE: Mapping[str, Any] = {
    "": gettext_lazy("Not stated"),
    "allowed": gettext_lazy("Allowed"),
    "conditions": gettext_lazy("Allowed under conditions"),
    "forbidden": gettext_lazy("Not allowed"),
}
COMPONENTS: Mapping[str, Any] = {
    "tokenizer": gettext_lazy("Tokenizer (cuts text into pieces)"),
    "backbone": gettext_lazy("Backbone (the language model itself)"),
    "encoder": gettext_lazy("Encoder (reads images or sound)"),
    "data": gettext_lazy("Training data"),
}
STARTS: Mapping[str, Any] = {
    "": gettext_lazy("Not stated"),
    "scratch": gettext_lazy("Made from scratch"),
    "initialised": gettext_lazy("Trained further from an existing one"),
    "frozen": gettext_lazy("Taken over unchanged"),
}
# What became of an entry in a round.
CHANGES: Mapping[str, Any] = {
    "admitted": gettext_lazy("Came into the round later, without votes"),
    "competing": gettext_lazy("Takes part again"),
    "eliminated": gettext_lazy("Eliminated"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "disqualified": gettext_lazy("Disqualified"),
    "suspended": gettext_lazy("Suspended"),
}
# How strong an entry is in percent of the round's reference, with the interval.
OF_REFERENCE = gettext_lazy("{percent} percent of {reference} ({low}–{high})")
# How likely an entry is to be truly among those whom the cut takes.
CHANCE = gettext_lazy("{percent} % to go out")
# The same as people say it; the keys are those of frontend/plots.py.
ODDS: Mapping[str, Any] = {
    "odds": gettext_lazy("about {few} in {among}"),
    "odds_few": gettext_lazy("less than {few} in {among}"),
    "odds_most": gettext_lazy("all but sure"),
}
# How a rank has changed since an official list; the keys are those of frontend/plots.py. First what is seen.
MOVED: Mapping[str, Any] = {
    "up": ("▲{n}", gettext_lazy("Up {n}")),
    "down": ("▼{n}", gettext_lazy("Down {n}")),
    "same": ("=", gettext_lazy("Same rank")),
    "new": (gettext_lazy("new"), gettext_lazy("Not ranked before")),
}
# How many votes the line still needs; the keys are those of frontend/plots.py.
LINE: Mapping[str, Any] = {
    "line_sure": gettext_lazy("The line is sure: more votes would hardly move it."),
    "line_between": gettext_lazy(
        "The line is not sure yet. If things stay as they are, {low} to {high} more votes make it so."
    ),
    "line_least": gettext_lazy("The line is not sure yet. It takes {low} more votes at least."),
    "line_unsaid": gettext_lazy("Too close to say how many more votes make the line sure."),
    "line_tied": gettext_lazy("Tied at the line: {names}."),
}

COOKIES: Mapping[str, Any] = {
    "visitor": gettext_lazy(
        "A signed random number for this device: it tells whose battle this is, and how many of its votes count."
    ),
    "csrf": gettext_lazy("Another random number: it shows that what you send comes from a page of this site."),
    "language": gettext_lazy("The language, only if you switch it."),
    "session": gettext_lazy(
        "Only for teams and organizers, once they sign in. Whoever only votes has no account and never gets it."
    ),
}
VERDICTS: Mapping[str, Any] = {
    "a": gettext_lazy("A is better"),
    "b": gettext_lazy("B is better"),
    "tie": gettext_lazy("Tie"),
    "both_bad": gettext_lazy("Both are bad"),
}


def arena_words() -> dict[str, str]:
    return {
        "starting": _("Drawing two models…"),
        "connecting": _("Connecting…"),
        "reconnecting": _("The connection was lost. Reconnecting; nothing of the answers is lost."),
        "offline": _("You are offline. The answers go on when the connection is back."),
        "answering": _("Both are answering. Vote when they are done."),
        "line_place": _("Number {place} in line"),
        "line_next": _("Next in line"),
        "line_seconds": _("about {n} s"),
        "line_minutes": _("about {n} min"),
        "ready": _("Which answer is better?"),
        "voting": _("Sending your vote…"),
        "voted": _("Your vote is in."),
        "vote_lost": _("The vote did not get through. Check the connection and choose again."),
        "void": _("This battle does not count."),
        "void_help": _("Two other models can answer the same question."),
        "counts": _("This vote counts."),
        "counts_not": _("This vote is kept, but does not count towards the board."),
        "counts_not_own": _(
            "This vote is kept, but does not count: you are a member of the team behind one of the two models."
        ),
        "names_later": _("The names are shown after the round."),
        "your_pick": _("Your pick"),
        "allowance": _("{counted} of {cap} votes counted this round"),
        "allowance_spent": _(
            "All {cap} of your votes this round are counted. You can go on; further votes are kept but not counted."
        ),
        "agree_first": _("Please read the notice and tick the box first."),
        "empty": _("Please write something first."),
        "too_long": _("Your question has {length} characters; at most {limit} are possible."),
        "counter": _("{length} of {limit} characters"),
        "returned": _("Your question did not get through. It is back in the box."),
        "unreachable": _("The site cannot be reached right now. Nothing is lost; please try again."),
        "gone": _("There is no such battle on this device. Here is a new one."),
        "last_turn": _("That was the last question of this battle. Please vote."),
        "follow_up": _("Ask both a follow-up question"),
        "ask": _("Ask two models anything"),
        "turns_left_one": ngettext("{n} more question is possible", "{n} more questions are possible", 1),
        "turns_left_other": ngettext("{n} more question is possible", "{n} more questions are possible", 2),
        "waiting": _("Waiting for the first words"),
        "no_text": _("No text."),
        "reported": _("Thank you. The report is in."),
        "report_title": _("Report answer {side}"),
        "stopped": _("Stopped"),
        "cut": _("Cut off at the limit of length"),
        "interrupted": _("Broken off"),
        "erased": _("The text has been deleted."),
        "keys_on": _("Keys 1–4: on"),
        "keys_off": _("Keys 1–4: off"),
    }


def privacy_words() -> dict[str, str]:
    return {
        "erasing": _("Deleting…"),
        "erased_one": ngettext("{n} conversation has been deleted.", "{n} conversations have been deleted.", 1),
        "erased_other": ngettext("{n} conversation has been deleted.", "{n} conversations have been deleted.", 2),
        "erased_none": _("There was nothing to delete."),
        "held_none": _("No conversation of this device is stored."),
        "unreachable": _("The site cannot be reached right now. Nothing is lost; please try again."),
    }


def erased_words(n: int) -> str:
    """What the page's script says of so many, for those without one."""
    if n == 0:
        return _("There was nothing to delete.")
    return ngettext("{n} conversation has been deleted.", "{n} conversations have been deleted.", n).format(n=n)


def line_flip(votes: int) -> str:
    return ngettext(
        "Without {n} of the votes somebody else would go out.",
        "Without {n} of the votes somebody else would go out.",
        votes,
    )


def voters_flip(voters: int) -> str:
    return ngettext(
        "So it would without {n} voter (looked for up to vote {position}).",
        "So it would without {n} voters (looked for up to vote {position}).",
        voters,
    )


def team_words() -> dict[str, str]:
    shared = ("reconnecting", "edition", "when", "run_off_among", *LINE)
    words = {key: said for key, said in board_words().items() if key in shared or key.startswith(("status_", "state_"))}
    del words["line_tied"]
    return words | {
        **{key: str(said) for key, said in ODDS.items()},
        "team_news": _("{status}. Rank {rank}."),
    }


def board_words() -> dict[str, str]:
    words = {
        "live": _("Live"),
        "frozen": _("Frozen"),
        "paused": _("Paused"),
        "reconnecting": _("Reconnecting…"),
        "pause": _("Pause"),
        "go_on": _("Go on"),
        **{key: str(words) for key, words in LINE.items()},
        "line_flip_one": line_flip(1),
        "line_flip_other": line_flip(2),
        "line_voters_one": voters_flip(1),
        "line_voters_other": voters_flip(2),
        "since": _("since the official list of {date}"),
        "edition": _("Board {n}"),
        "news": _("New board. First: {first}."),
        "news_below": _("New board. First: {first}. Below the line: {below}."),
    }
    more = {f"state_{state}_more": str(said) for state, (_words, said) in ROUND_STATES.items()}
    run_off = {key: str(said) for key, said in RUN_OFF.items()}
    return words | more | run_off | embed_words()


def embed_words() -> dict[str, str]:
    """What a board says on others' pages too."""
    words = {
        "votes_one": ngettext("{n} counted vote", "{n} counted votes", 1),
        "votes_other": ngettext("{n} counted vote", "{n} counted votes", 2),
        "chance": str(CHANCE),
        "of_reference": str(OF_REFERENCE),
        "row_votes_one": ngettext("{n} vote", "{n} votes", 1),
        "row_votes_other": ngettext("{n} vote", "{n} votes", 2),
        **{f"moved_{key}": str(words) for key, (_seen, words) in MOVED.items()},
        **{f"mark_{key}": str(seen) for key, (seen, _words) in MOVED.items()},
        "when": _("{date}, {time}"),
    }
    states = {f"state_{state}": str(said) for state, (said, _more) in ROUND_STATES.items()}
    return words | states | {f"status_{status}": str(word) for status, word in STATUSES.items()}
