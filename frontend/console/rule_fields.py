"""A rulebook as a form: each rule with what it does, what was typed, and back to rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from frontend.console.component_fields import typed_components
from frontend.eligibility_words import AXES
from frontend.rules import tie_step
from leaderboard.amending import FIXED
from leaderboard.rulebook import Rulebook, TieStep

TIE_STEPS = len(TieStep)


@dataclass(frozen=True, slots=True)
class Field:
    """A rule to fill in. kind: whole, exact, text, choice or several; path: where it stands in the rulebook."""

    path: str
    label: Any
    explained: Any
    kind: str
    low: str = ""
    high: str = ""
    choices: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return self.path.replace(".", "-")


CHAPTERS: tuple[tuple[Any, tuple[Field, ...]], ...] = (
    (
        _("The cut"),
        (
            Field("cut_size", _("How many go out"), _("So many of the last on the board leave."), "whole", "1", "100"),
            Field(
                "minimum_votes",
                _("Minimum of votes"),
                _("With fewer counted votes a model is marked as one with too few."),
                "whole",
                "0",
                "1000000",
            ),
            Field(
                "tie_band",
                _("Tie band in Elo points"),
                _("A smaller gap at the line counts as a tie."),
                "exact",
                "0",
                "1000",
            ),
            Field(
                "fewest_voters",
                _("Fewest voters"),
                _("If fewer voters than this could turn the cut, it counts as a tie."),
                "whole",
                "0",
                "1000000",
            ),
            Field(
                "freeze_hours",
                _("Freeze in hours"),
                _("The public board stands still for so long before the end. 0: it is live until the end."),
                "whole",
                "0",
                "1000",
            ),
        ),
    ),
    (
        _("A run-off"),
        (
            Field("run_off.hours", _("Length in hours"), _("So long votes count in it."), "whole", "1", "1000"),
            Field(
                "run_off.notice_hours",
                _("Notice in hours"),
                _("It opens so long after it was called."),
                "whole",
                "0",
                "1000",
            ),
            Field(
                "run_off.voters",
                _("Who may vote in it"),
                _("With a code: each voter enters a one-time code, which organizers make and hand out."),
                "choice",
                choices=(("anyone", _("Everybody")), ("verified", _("Who has an invitation code"))),
            ),
        ),
    ),
    (
        _("Voting"),
        (
            Field(
                "voter_cap",
                _("Votes of one visitor"),
                _("So many count in the round; later ones are kept and not counted."),
                "whole",
                "1",
                "1000",
            ),
            Field("max_turns", _("Questions in one battle"), _("At most so many."), "whole", "1", "100"),
            Field(
                "reveal",
                _("Names"),
                _("When a voter is told whose answers these were."),
                "choice",
                choices=(("vote", _("After the vote")), ("close", _("When the round is closed"))),
            ),
        ),
    ),
    (
        _("The same for both models"),
        (
            Field(
                "temperature",
                _("Temperature"),
                _("How freely they choose their words, from 0 to 2."),
                "exact",
                "0",
                "2",
            ),
            Field(
                "top_p",
                _("Top-p"),
                _("Only the likeliest words that make up this share are chosen from."),
                "exact",
                "0.01",
                "1",
            ),
            Field(
                "max_tokens", _("Longest answer in tokens"), _("What is longer is cut off."), "whole", "1", "1000000"
            ),
            Field(
                "pace",
                _("Pace in characters a second"),
                _("Both answers appear at this speed, so that speed tells nothing. 0: as they come."),
                "whole",
                "0",
                "32767",
            ),
            Field(
                "hosting",
                _("Who enters servers"),
                _("Each is checked before it answers. Teams enter theirs by a token."),
                "choice",
                choices=(("organizers", _("Organizers")), ("teams", _("Teams, too"))),
            ),
            Field(
                "system_prompt",
                _("System prompt"),
                _("Said to both before the first question. Everybody can read it."),
                "text",
            ),
        ),
    ),
    (
        _("Who meets whom"),
        (
            Field(
                "pairing.method",
                _("Pairs"),
                _("Uniform: every pair as likely as any other. At the line: more of those that tell most about it."),
                "choice",
                choices=(("contrast", _("At the line")), ("uniform", _("Uniform"))),
            ),
            Field(
                "pairing.floor",
                _("Votes of every pair first"),
                _("Before that, no pair is preferred."),
                "exact",
                "0",
                "10000",
            ),
            Field(
                "pairing.explore",
                _("Share drawn uniformly"),
                _("From 0.01 to 1; the rest goes to the line."),
                "exact",
                "0.01",
                "1",
            ),
            Field(
                "pairing.cap",
                _("Bound"),
                _("Nobody is drawn more than so many times as often as the one drawn least."),
                "exact",
                "1.01",
                "100",
            ),
        ),
    ),
    (
        _("After the round"),
        (
            Field(
                "eligibility",
                _("Verdicts before the result"),
                _("The result is published only when each model has a verdict on these."),
                "several",
                choices=tuple((str(axis), words) for axis, words in AXES.items()),
            ),
            Field(
                "appeal_days", _("Days for appeals"), _("Counted from when appeals are opened."), "whole", "0", "365"
            ),
            Field(
                "appellants",
                _("Who may appeal"),
                _("A result can be wrong for those who stay, too."),
                "choice",
                choices=(("field", _("Every team of the round")), ("out", _("Teams of models that are out"))),
            ),
        ),
    ),
)


def shown(rules: Rulebook, typed: QueryDict | None = None, *, opened: bool = False) -> list[dict[str, Any]]:
    """The chapters of the form, filled with the rules or with what was typed instead.

    opened: those that may not change once the round is open are left out.
    """
    told = rules.model_dump(mode="json")
    chapters = []
    for title, fields in CHAPTERS:
        rows = [
            {
                "field": field,
                "step": "1" if field.kind == "whole" else "any",
                "value": shown_value(typed, field, told),
                "chosen": chosen(typed, field, told),
            }
            for field in fields
            if not (opened and field.path.partition(".")[0] in FIXED)
        ]
        if rows:
            chapters.append({"title": title, "rows": rows})
    return chapters


def tie_chain_shown(rules: Rulebook, typed: QueryDict | None = None) -> list[dict[str, Any]]:
    """The places of the tie chain, each with what may stand there."""
    chain = typed.getlist("tie_chain") if typed else [str(step) for step in rules.tie_chain]
    offered = [(str(step), tie_step(step)) for step in TieStep]
    return [
        {"place": place + 1, "chosen": chain[place] if place < len(chain) else "", "choices": offered}
        for place in range(TIE_STEPS)
    ]


def shown_value(typed: QueryDict | None, field: Field, told: Mapping[str, Any]) -> str:
    stored = str(value_at(told, field.path))
    return stored if typed is None else str(typed.get(field.name, stored))


def chosen(typed: QueryDict | None, field: Field, told: Mapping[str, Any]) -> list[str]:
    """Which of several choices are ticked."""
    if field.kind != "several":
        return []
    return value_at(told, field.path) if typed is None or field.name not in typed else typed.getlist(field.name)


def value_at(told: Mapping[str, Any], path: str) -> Any:
    first, _dot, rest = path.partition(".")
    return value_at(told[first], rest) if rest else told[first]


def typed_rules(rules: Rulebook, typed: QueryDict) -> dict[str, Any]:
    """The rules that a posted form means; what it does not name stays. What is wrong is the rulebook's to say."""
    told: dict[str, Any] = rules.model_dump(mode="json")
    for _title, fields in CHAPTERS:
        for field in fields:
            if field.name in typed:
                several = field.kind == "several"
                put(told, field.path, ticked(typed, field) if several else read(field, str(typed[field.name])))
    if "tie_chain" in typed:
        told["tie_chain"] = [step for step in typed.getlist("tie_chain") if step]
        told["tie_component"] = (typed.get("tie_component") or "").strip() or None
    return told | typed_components(typed)


def read(field: Field, text: str) -> Any:
    if field.kind == "text":
        return text.replace("\r\n", "\n")
    text = text.strip()
    digits = text.removeprefix("-")
    return int(text) if field.kind == "whole" and digits.isascii() and digits.isdecimal() and len(digits) < 12 else text


def ticked(typed: QueryDict, field: Field) -> list[str]:
    # With nothing ticked a browser would send nothing, so that an empty one goes along.
    return [value for value in typed.getlist(field.name) if value]


def put(told: dict[str, Any], path: str, value: Any) -> None:
    first, _dot, rest = path.partition(".")
    if rest:
        put(told[first], rest, value)
    else:
        told[first] = value
