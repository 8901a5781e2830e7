"""What a model is and where it comes from, in the organizers' hands: stated, and corrected where it may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.doors import organizer_required, recently, signed_in
from frontend.console.deciding import done
from frontend.words import COMMERCIAL_USE, COMPONENTS, OPENNESS, REASONING, STARTS
from inference.entries import IDENTITY, PARTS, Unfit
from inference.models import Entry
from leaderboard.hosting import state_provenance

SPARE, MOST = 2, 40  # blocks of parts that wait to be filled in; all of them


@dataclass(frozen=True, slots=True)
class Field:
    """A thing to state. kind: line, number, text, web or choice."""

    name: str
    label: Any
    kind: str = "line"
    explained: Any = ""
    choices: Mapping[str, Any] | None = None
    most: int = 200


CHAPTERS: tuple[tuple[Any, tuple[Field, ...]], ...] = (
    (
        _("Which model it is"),
        (
            Field("name", _("Name"), most=120),
            Field("base", _("Made from"), explained=_("The model it was made from, if any.")),
            Field("weights_revision", _("Revision of the weights"), most=100),
            Field(
                "weights_digest",
                _("Digest of the weights (SHA-256)"),
                explained=_("What serves it says this digest when it starts, and refuses other files."),
                most=64,
            ),
            Field("stack", _("Served by"), explained=_("The program, with its version."), most=100),
            Field("stack_commit", _("Commit of what serves it"), most=64),
            Field("chat_template_digest", _("Digest of the chat template (SHA-256)"), most=64),
            Field("context_length", _("Context in tokens"), "number"),
            Field("reasoning", _("Thinking before it answers"), "choice", choices=REASONING),
        ),
    ),
    (
        _("Who may have it"),
        (
            Field("licence", _("Licence"), most=100),
            Field("licence_url", _("Address of the licence"), "web"),
            Field("commercial_use", _("Commercial use"), "choice", choices=COMMERCIAL_USE),
            Field("open_weights", _("Weights"), "choice", choices=OPENNESS),
            Field("open_code", _("Code"), "choice", choices=OPENNESS),
            Field("open_data", _("Training data"), "choice", choices=OPENNESS),
            Field("open_logs", _("Training logs"), "choice", choices=OPENNESS),
            Field("changes", _("What was changed"), "text", _("Many licences ask for it."), most=8000),
        ),
    ),
)
PART_FIELDS = (
    Field("name", _("Name"), explained=_("Without one there is no such part.")),
    Field("kind", _("Part"), "choice", choices=COMPONENTS),
    Field("origin", _("Made by")),
    Field("start", _("How it came about"), "choice", choices=STARTS),
    Field("licence", _("Licence"), most=100),
    Field("evidence", _("Evidence"), "web", _("The address of what shows it.")),
)
FIELDS = {field.name: field for _title, fields in CHAPTERS for field in fields}
LABELS = {field.name: field.label for field in (*PART_FIELDS, *FIELDS.values())}


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def about(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, filled with what is stated; once a round has opened, without what says which model it is."""
    entry = get_object_or_404(Entry.objects.select_related("team"), slug=slug)
    typed, problem = (request.POST, "") if request.method == "POST" else (None, "")
    if typed is not None:
        problem = done(lambda: state(request, entry, typed))
        if not problem:
            messages.success(request, str(_("It is stated. Everybody can read it on the model's page.")))
            return redirect("console_entry_about", slug=slug)
    context = {
        "entry": entry,
        "chapters": [chapter for chapter in shown(entry, typed) if chapter["rows"]],
        "parts": parts_shown(entry, typed),
        "problem": problem,
    }
    return render(request, "frontend/console/entry_about.html", context, status=409 if problem else 200)


def state(request: HttpRequest, entry: Entry, typed: QueryDict) -> None:
    """Raises Swapped, Unfit."""
    said = {name: meant(field, str(typed[name])) for name, field in FIELDS.items() if name in typed}
    try:
        state_provenance(entry, said, parts_typed(typed), by=signed_in(request))
    except Unfit as why:
        if not why.at:
            raise
        raise Unfit("; ".join(f"{LABELS.get(name, name)}: {words}" for name, words in why.at.items())) from None


def meant(field: Field, text: str) -> Any:
    text = text.replace("\r\n", "\n").strip()
    if field.kind != "number":
        return text
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text or None


def parts_typed(typed: QueryDict) -> list[dict[str, str]]:
    """The blocks that have a name."""
    blocks = [{name: typed.get(f"part-{place}-{name}", "").strip() for name in PARTS} for place in range(MOST)]
    return [block for block in blocks if block["name"]]


def shown(entry: Entry, typed: QueryDict | None) -> list[dict[str, Any]]:
    """The chapters, filled with what is stated or with what was typed instead."""
    return [
        {
            "title": title,
            "rows": [
                row(field, field.name, stored if typed is None else typed.get(field.name, stored))
                for field in fields
                if not (entry.frozen_at and field.name in IDENTITY)
                for stored in [getattr(entry, field.name)]
            ],
        }
        for title, fields in CHAPTERS
    ]


def parts_shown(entry: Entry, typed: QueryDict | None) -> list[dict[str, Any]]:
    stored = [{name: getattr(part, name) for name in PARTS} for part in entry.components.all()]
    blocks: list[dict[str, str]] = stored if typed is None else parts_typed(typed)
    return [
        {
            "name": block.get("name", ""),
            "rows": [row(field, f"part-{place}-{field.name}", block.get(field.name, "")) for field in PART_FIELDS],
        }
        for place, block in enumerate([*blocks, *[{}] * SPARE][:MOST])
    ]


def row(field: Field, name: str, value: object) -> dict[str, Any]:
    return {
        "field": field,
        "name": name,
        "value": "" if value is None else value,
        "choices": tuple((field.choices or {}).items()),
    }
