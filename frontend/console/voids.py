"""The ledger of failures of a round: who could not answer, how, after how many tokens, against whom."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.doors import organizer_required
from frontend.console.rounds import about, the_round
from frontend.console.words import FAULTS
from frontend.views import failed_in_percent
from inference.models import Entry
from leaderboard.exposure import exposure
from leaderboard.voids import failed, failures, records, unequal

SHOWN = 200


@require_safe
@organizer_required
def voids(request: HttpRequest, key: str) -> HttpResponse:
    contest = the_round(key)
    entries = Entry.objects.filter(drawables__terms__gate=contest.gate_id).distinct()
    rates = {row["slug"]: row for row in (exposure(key) or {"entries": []})["entries"]}
    alarmed = {row.entry.pk for row in unequal(contest)}
    return render(
        request,
        "frontend/console/voids.html",
        {
            **about(contest),
            "records": [
                {"row": row, "rate": failed_in_percent(rates.get(row.entry.slug, {})), "alarm": row.entry.pk in alarmed}
                for row in records(entries, failed(contest))
            ],
            "failures": [{"row": row, "words": FAULTS.get(row.kind, row.kind)} for row in failures(contest, SHOWN)],
            "shown": SHOWN,
        },
    )
