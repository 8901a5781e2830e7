"""Why a worker was refused, and what was checked, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

CHECKS: Mapping[str, Any] = {
    "free": _("No answer for a visitor is under way"),
    "address": _("The site may ask at this address"),
    "files": _("Its files are those that the model was entered with"),
    "models": _("Its list of models names this one, with enough context"),
    "stream": _("An answer comes whole, with a count of its tokens"),
    "pace": _("It keeps the pace with all of its slots in use"),
    "hang_up": _("It is free at once when an answer is cut off"),
    "canaries": _("Its answers to test questions are kept"),
}

WAITING = ("unchecked", "checking")  # reasons that go by themselves
# By the code of the reason. What is in braces is told with it.
REASONS: Mapping[str, Any] = {
    "unchecked": _("It waits to be checked."),
    "checking": _("It is being checked."),
    "busy": _("It went on answering visitors for too long. Take it out of service, and have it checked again."),
    "address": _("The site does not ask at this address: {why}."),
    "other_weights": _("Its weights are others than those that the model was entered with."),
    "other_template": _("Its chat template is another than the one that the model was entered with."),
    "unreachable": _("Nobody answers at its address."),
    "wrong_key": _("It does not accept its key."),
    "status": _("Asked for its list of models, it answers with status {status}."),
    "no_list": _("Asked for its list of models, it answers with something else."),
    "other_model": _("It serves no model of this name, but: {names}."),
    "short_context": _("Its context has {context} tokens, and {wanted} are needed."),
    "uncounted": _("It does not say how many tokens an answer had (stream_options.include_usage)."),
    "too_many": _("With {slots} answers at once, {silent} did not begin in time. Give it fewer slots."),
    "slow": _(
        "With {slots} answers at once it gives {pace} characters a second, and the round shows {wanted}. "
        "Give it fewer slots, or a faster machine."
    ),
    "deaf": _("After answers were cut off, the next one did not begin within {limit} seconds: it works on unheard."),
    "reply_keyless": _("Its key cannot be read any more: it was encrypted under other WORKER_KEYS. Enter it again."),
    "reply_unreachable": _("The connection was not made."),
    "reply_rejected": _("It answered a question with an error."),
    "reply_silent": _("An answer did not begin in time."),
    "reply_stalled": _("An answer stood still in the middle."),
    "reply_endless": _("An answer did not end in time."),
    "reply_broken": _("An answer was cut off before its finish_reason."),
    "reply_rubbish": _("What it sends is not the protocol of OpenAI's chat completions, streamed."),
    "reply_speechless": _("It ended an answer without a word."),
    "reply_spent": _("All tokens of an answer went into thinking."),
}

FIGURES: Mapping[str, Any] = {
    "files": _("{compared} of 2 digests compared, by what its machine says"),
    "models": _("{context} tokens"),
    "stream": _("first words after {first} s"),
    "pace": _("{pace} characters a second with {slots} at once"),
    "hang_up": _("the next one began after {first} s"),
    "canaries": _("{questions} questions, {answers} different answers"),
}


def reason(code: str, told: Mapping[str, Any] | None = None) -> str:
    """A reason in the language of whoever asks."""
    words = str(REASONS.get(code, code))
    return words.format_map({name: listed(value) for name, value in (told or {}).items()}) if told else words


def why_refused(checks: list[dict[str, Any]]) -> str:
    """The words of the check that was not passed; "" if all were."""
    failed = next((one for one in checks if not one["passed"]), None)
    return reason(failed["code"], failed["told"]) if failed else ""


def figures(check: Mapping[str, Any]) -> str:
    """What a check that was passed found, in words; "" where there is nothing to tell."""
    told = check["told"]
    words = FIGURES.get(check["check"])
    if not check["passed"] or words is None or any(told.get(name) is None for name in told if name == "context"):
        return ""
    found = str(words).format_map(told)
    if "of" in told:
        alike = _("{alike} of {of} as by the entry's other workers").format(**told)
        found = f"{found}; {alike}"
    return found


def listed(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
