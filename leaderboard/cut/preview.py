"""Who would be out if a round ended now: worked out once a minute, and kept for whoever asks in between.

The public is told of the edition that it is shown, organizers of the newest. What is kept may vanish: a minute later it
is there again.
"""

from typing import Any

from django.core.cache import cache

from leaderboard.cut.beacons import beacon_told
from leaderboard.cut.decisions import INELIGIBLE, grounds_of, in_force
from leaderboard.editions import newest, served
from leaderboard.margins import counted_of
from leaderboard.models import DECIDED, UNOPENED, Board, Folded, Round, RoundState
from leaderboard.rulebook import in_force as rules_in_force
from rating.decision import decide

KEPT_SECONDS = 86_400
OVER = (*UNOPENED, *DECIDED, RoundState.ANNULLED)


def preview_round(contest: Round) -> bool:
    """Work out what a round's editions would decide, where nobody has. Returns whether there is news."""
    if contest.state in OVER:
        return False
    made = [keep(contest, edition) for edition in {newest(contest.series), served(contest.series)} if edition]
    return any(made)


def keep(contest: Round, edition: Board) -> bool:
    """Keep the preview of an edition as the last; of an older one, which the public is shown, beside it."""
    places = []
    if edition == newest(contest.series):
        places.append(place(contest, live=True))
    if edition == served(contest.series):
        places.append(place(contest, live=False))
    known = [cache.get(one) for one in places]
    if all(one and one["number"] == edition.number for one in known):
        return False
    made = preview(contest, edition)
    for one in places:
        cache.set(one, made, KEPT_SECONDS)
    return True


def place(contest: Round, *, live: bool) -> str:
    # Another database may count its series alike, and the cache outlive it.
    series = f"{contest.series_id}:{contest.series.created_at.timestamp()}"
    return f"preview:{series}:{'live' if live else 'served'}"


def preview(contest: Round, edition: Board) -> dict[str, Any]:
    """The decision by an edition, with what it would be with the votes set aside, and without the gate."""
    slugs = Folded.objects.get(series_id=contest.series_id).slugs
    grounds, open_gate = grounds_of(contest, edition), grounds_of(contest, edition, gate=False)
    votes = counted_of(contest, slugs, edition.position).upto(edition.position)
    every = counted_of(contest, slugs, edition.position, all_of_them=True).upto(edition.position)
    return {
        "number": edition.number,
        "position": edition.position,
        "at": edition.created_at.isoformat(),
        "set_aside": len(every) - len(votes),
        "decision": decide(votes, slugs, grounds).content(),
        "with_set_aside": decide(every, slugs, grounds).content() if len(every) > len(votes) else None,
        "without_gate": (
            decide(votes, slugs, open_gate).content() if open_gate.competing != grounds.competing else None
        ),
    }


def told(contest: Round, *, live: bool = False) -> dict[str, Any]:
    """The decision in force, or else what was worked out last, as pages and the API tell it.

    live: for organizers, of the newest edition. `preview` is null until it was worked out, and once it is decided.
    """
    decision, edition = in_force(contest), newest(contest.series) if live else served(contest.series)
    rules = rules_in_force(contest)
    # A total would tell of scores that the rulebook publishes together with the result.
    sealed = not live and decision is None and rules.score == "composite" and rules.scores_public == "result"
    found = None if sealed or decision or contest.state in OVER else cache.get(place(contest, live=live))
    if found and edition and found["number"] > edition.number:
        found = None  # the board has been frozen since
    entries = contest.participations.values_list("entry__slug", "entry__name")
    return {
        "key": contest.key,
        "series": contest.series.slug,
        "title": contest.series.title,
        "title_ko": contest.series.title_ko,
        "state": contest.state,
        "sealed": sealed,
        "names": dict(entries.order_by("entry__slug")),
        "editions": [
            {
                "edition": one.edition,
                "cause": one.cause,
                "at": one.at.isoformat(),
                "digest": one.digest,
                "scores": bool(one.scores),
                "goes": one.told()["goes"],
                "ineligible": [
                    entrant["slug"] for entrant in one.told_grounds()["field"] if entrant["why"] == INELIGIBLE
                ],
            }
            for one in contest.decisions.order_by("edition")
        ],
        "decision": decision and decision.told(),
        "grounds": decision and decision.told_grounds(),
        "beacon": beacon_told(contest),
        "preview": found,
    }
