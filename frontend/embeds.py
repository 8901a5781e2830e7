"""The board on other people's pages: in a frame, and as a badge. Neither sets a cookie nor asks who reads."""

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import conditional_page, require_safe

from arena.refusals import BadRequest
from arena.visitors import introduces_visitor
from frontend.asked_language import in_asked_language
from frontend.feeds import FEEDS
from frontend.views import board_as_drawn, in_language
from frontend.words import STATUSES, embed_words
from leaderboard.boards import board, last_series_of

THEMES = ("light", "dark")
# What a badge says is bold or plain, on ink or on what the status means; each pair has a contrast over 4.5.
INK = "#10182b"
GROUNDS = {"safe": "#0f6b4f", "at_risk": "#8a5300", "in_danger": "#c8321a", "locked_out": "#c8321a"}
OTHERS = "#47516a"


@require_safe
@cache_control(public=True, max_age=5)
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@in_asked_language
def embedded_board(request: HttpRequest) -> HttpResponse:
    """A board for a frame of any page. theme: light or dark, else the device's; series: else that of now."""
    theme, wanted = request.GET.get("theme"), request.GET.get("series")
    if theme not in (None, *THEMES):
        raise BadRequest
    found = board(wanted)
    if found is None and wanted:
        raise Http404
    drawn = found and board_as_drawn(found)
    return render(
        request,
        "frontend/embedded_board.html",
        {
            "theme": theme,
            "board": drawn,
            "follows": not wanted,
            "full": request.build_absolute_uri(
                reverse("board") + (f"?series={drawn['series']}" if wanted and drawn else "")
            ),
            "words": embed_words(),
        },
    )


@require_safe
@cache_control(public=True, max_age=60)
@conditional_page
@in_asked_language
def badge(request: HttpRequest, slug: str) -> HttpResponse:
    """How an entry stands in the last round it takes part in, as an SVG image."""
    series = last_series_of(slug)
    found = board(series.slug) if series else None
    standing = next((one for one in found["standings"] if one["slug"] == slug), None) if found else None
    if found is None or standing is None:
        raise Http404
    ranked = sum(one["rank"] is not None for one in found["standings"])
    status = str(STATUSES[standing["status"]])
    rank = _("No. {rank} of {n}").format(rank=standing["rank"], n=ranked) if standing["rank"] else ""
    label, said = "Last Model Standing", " · ".join(filter(None, [rank, status]))
    left, right = width_of(label), width_of(said)
    drawing = {
        "name": standing["name"],
        "title": in_language(found["title"], found["title_ko"]),
        "label": label,
        "said": said,
        "left": left,
        "right": right,
        "width": left + right,
        "middle_left": left / 2,
        "middle_right": left + right / 2,
        "ink": INK,
        "ground": GROUNDS.get(standing["status"], OTHERS),
    }
    return render(request, "frontend/badge.svg", drawing, content_type="image/svg+xml")


def width_of(text: str) -> int:
    """About how many pixels a line of 11 takes, with its margins. The drawing is told to fit exactly that."""
    return 16 + round(sum(11.0 if ord(letter) > 0x1100 else 6.2 for letter in text))


@require_safe
@introduces_visitor
def embeds_page(request: HttpRequest) -> HttpResponse:
    """How to show the board elsewhere, follow it and cite it."""
    found = board()
    entry = next((one["slug"] for one in found["standings"]), "") if found and found["round"] else ""
    absolute = request.build_absolute_uri
    language = translation.get_language() or settings.LANGUAGE_CODE
    return render(
        request,
        "frontend/embeds.html",
        {
            "frame": f"{absolute(reverse('embedded_board'))}?lang={language}",
            "badge": entry and f"{absolute(reverse('badge', args=[entry]))}?lang={language}",
            "entry": entry and absolute(reverse("entry", args=[entry])),
            "feeds": [
                {"href": absolute(f"{reverse('feed', args=[name])}?lang={language}"), "title": title}
                for name, (_kind, title) in FEEDS.items()
            ],
            "round": found["round"]["key"] if found and found["round"] else "",
        },
    )
