"""Atom feeds of the public log, for readers and for other sites: all of it, and its kinds that make news."""

from typing import Any

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from frontend.asked_language import in_asked_language
from frontend.log import as_drawn
from leaderboard.public_log import Line, page

# Each feed's kind in the public log, and its name. None: all kinds.
FEEDS: dict[str, tuple[str | None, Any]] = {
    "cuts": ("decision", gettext_lazy("Who goes")),
    "rulings": ("ruling", gettext_lazy("Rulings on appeals")),
    "incidents": ("incident", gettext_lazy("Incidents")),
    "log": (None, gettext_lazy("Decisions and incidents")),
}


class LogFeed(Feed):  # type: ignore[type-arg]  # generic in its stubs alone
    """One of FEEDS: its newest fifty lines."""

    feed_type = Atom1Feed
    author_name = "Last Model Standing"

    def get_object(self, request: HttpRequest, name: str) -> str:
        if name not in FEEDS:
            raise Http404
        return name

    def title(self, name: str) -> str:
        return f"{FEEDS[name][1]} · Last Model Standing"

    def subtitle(self, name: str) -> str:
        return _("Every line says what was decided or went wrong, and links to where its reasons stand.")

    def link(self, name: str) -> str:
        kind = FEEDS[name][0]
        return reverse("log") + (f"?kind={kind}" if kind else "")

    def feed_guid(self, name: str) -> str:
        return f"urn:last-model-standing:feed:{name}"

    def items(self, name: str) -> list[tuple[Line, dict[str, Any]]]:
        lines, _further = page(kind=FEEDS[name][0])
        return [(line, as_drawn(line)) for line in lines]

    def item_title(self, item: tuple[Line, dict[str, Any]]) -> str:
        drawn = item[1]
        return " · ".join(filter(None, [drawn["title"], drawn["entry"] and drawn["entry"]["name"], drawn["words"]]))

    def item_description(self, item: tuple[Line, dict[str, Any]]) -> str:
        drawn = item[1]
        told = [drawn["more"]["what"], drawn["more"]["done"]] if drawn["more"] else [drawn["reason"]]
        return "\n\n".join(filter(None, told))

    def item_link(self, item: tuple[Line, dict[str, Any]]) -> str:
        return item[1]["link"] or reverse("log")

    def item_guid(self, item: tuple[Line, dict[str, Any]]) -> str:
        return f"urn:last-model-standing:log:{item[0].mark}"

    def item_pubdate(self, item: tuple[Line, dict[str, Any]]) -> Any:
        return item[0].mark.at

    item_updateddate = item_pubdate

    def item_categories(self, item: tuple[Line, dict[str, Any]]) -> list[str]:
        return [item[0].mark.kind]


feed = require_safe(cache_control(public=True, max_age=60)(conditional_page(in_asked_language(LogFeed()))))
