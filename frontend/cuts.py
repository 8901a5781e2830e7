"""The page of a round's cut: who is out and why, step by step; or, while votes count, who would be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.eligibility import evidence_as_drawn
from frontend.views import in_language
from leaderboard.cut.drawing import in_seoul
from leaderboard.cut.preview import told
from leaderboard.cut.words import trouble_in_words
from leaderboard.models import UNOPENED, Round
from leaderboard.rulebook import in_force
from leaderboard.timeline import public_round

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """How a decision is shown: what its entries and its run-offs are called, and with how many decimals a score."""

    names: Names
    places: int
    run_offs: Mapping[str, str]


STEPS = {
    "run_off": gettext_lazy("Run-off"),
    "head_to_head": gettext_lazy("The votes between just these"),
    "component": gettext_lazy("A component of the score"),
    "score": gettext_lazy("The score as it stands"),
    "earlier_submission": gettext_lazy("The earlier submission"),
    "beacon": gettext_lazy("A public random value"),
}
NEEDED = {
    "run_off": gettext_lazy("Before anybody is out, there is a run-off between them."),
    "beacon": gettext_lazy("Before anybody is out, a public random value is drawn."),
    "undecided": gettext_lazy("Nobody can be sent out like this."),
}
# Why somebody is no part of a cut: rating.Entrant's words.
BESIDE = {
    "reference": gettext_lazy("a reference, and no contestant"),
    "ineligible": gettext_lazy("did not pass the gate"),
    "reinstated": gettext_lazy("stays by a ruling on an appeal"),
    "withdrawn": gettext_lazy("has withdrawn"),
    "disqualified": gettext_lazy("was disqualified"),
    "suspended": gettext_lazy("was suspended"),
}
CAUSES = {
    "published": gettext_lazy("the result was published"),
    "ruling": gettext_lazy("a ruling on an appeal"),
}


@require_safe
@introduces_visitor
def cut_page(request: HttpRequest, key: str) -> HttpResponse:
    contest = public_round(key)
    if contest is None or contest.state in UNOPENED:
        raise Http404
    return render(request, "frontend/cut.html", as_drawn(contest, live=False))


def as_drawn(contest: Round, *, live: bool) -> dict[str, Any]:
    """The decision, or the preview, as the public's page and the console's show it."""
    found = told(contest, live=live)
    names, preview = found["names"], found["preview"]
    content = found["decision"] or (preview and preview["decision"])
    return {
        "cut": found,
        "title": in_language(found["title"], found["title_ko"]),
        "decided": found["decision"] is not None,
        "beside": found["grounds"] and beside(found["grounds"], names),
        "story": content and story(content, shown_of(contest, names), decided=found["decision"] is not None),
        "preview": preview,
        "others": others(preview, names) if preview else [],
        "beacon": found["beacon"] and beacon_as_drawn(found["beacon"]),
        "editions": editions(found["editions"], names, found["key"]),
    }


def shown_of(contest: Round, names: Names) -> Shown:
    run_offs = contest.run_offs.select_related("series")
    return Shown(
        names,
        places=1 if in_force(contest).score == "composite" else 0,
        run_offs={one.key: in_language(one.series.title, one.series.title_ko) for one in run_offs},
    )


def editions(told: Iterable[Mapping[str, Any]], names: Names, key: str) -> list[dict[str, Any]]:
    """A decision's editions, the newest first, each with who was out by it; told: as the API tells them."""
    drawn = [
        {
            **one,
            "key": key,
            "at": datetime.fromisoformat(one["at"]),
            "why": CAUSES[one["cause"]],
            "out": _("Out: {who}.").format(who=listed(one["goes"], names)) if one["goes"] else _("Nobody is out."),
            "ineligible": listed(one["ineligible"], names),
        }
        for one in told
    ]
    return drawn[::-1]


def beacon_as_drawn(told: Mapping[str, Any]) -> dict[str, Any]:
    """The public random number: when it comes out, and what it is once two organizers have entered it."""
    return {
        **told,
        "when": in_seoul(datetime.fromisoformat(told["published_at"])),
        "named_when": in_seoul(datetime.fromisoformat(told["named_at"])),
        "evidence": evidence_as_drawn(told["evidence"]),
    }


def beside(grounds: Mapping[str, Any], names: Names) -> list[str]:
    """Whom the cut is not about, each with why."""
    return [f"{names.get(one['slug'], one['slug'])} ({BESIDE[one['why']]})" for one in grounds["field"] if one["why"]]


def others(preview: Mapping[str, Any], names: Names) -> list[str]:
    """What it would be otherwise: with the votes that are set aside, and without the gate."""
    lines = []
    if preview["with_set_aside"]:
        lines.append(
            ngettext(
                "If the {n} vote that is set aside counted, too: {verdict}",
                "If the {n} votes that are set aside counted, too: {verdict}",
                preview["set_aside"],
            ).format(n=preview["set_aside"], verdict=verdict(preview["with_set_aside"], names, decided=False))
        )
    if preview["without_gate"]:
        lines.append(
            _("If those competed who are disqualified: {verdict}").format(
                verdict=verdict(preview["without_gate"], names, decided=False)
            )
        )
    return lines


def story(content: Mapping[str, Any], shown: Shown, *, decided: bool) -> dict[str, Any]:
    """A decision as sentences and tables."""
    names = shown.names
    goes, stays = set(content["goes"]), set(content["stays"])
    return {
        "verdict": verdict(content, names, decided=decided),
        "kept": listed(content["kept"], names),
        "rests": rests(content),
        "facts": facts(content, names),
        "pairs": [pair_as_drawn(pair, names) for pair in (content["line"] or {}).get("pairs", ())],
        "tied": listed(content["tied"], names),
        "steps": [step_in_words(step, shown) for step in content["steps"]],
        "rows": [
            {
                "name": names.get(one["slug"], one["slug"]),
                "slug": one["slug"],
                "score": "–" if one["score"] is None else rounded(one["score"], shown.places),
                "votes": one["votes"],
                "status": "eliminated" if one["slug"] in goes else "safe" if one["slug"] in stays else "at_risk",
                "tied": one["tied"],
            }
            for one in content["entries"]
        ],
    }


def verdict(content: Mapping[str, Any], names: Names, *, decided: bool) -> str:
    """Who is out, or would be, or why nobody can say, in a sentence."""
    if content["state"] == "decided":
        who = listed(content["goes"], names)
        if not who:
            return _("Nobody is out.") if decided else _("Nobody would be out.")
        return (_("Out: {who}.") if decided else _("Out would be: {who}.")).format(who=who)
    troubles = "; ".join(
        trouble_in_words(one["what"], [named(group, names) for group in one["who"]]) for one in content["troubles"]
    )
    if troubles:
        return f"{NEEDED['undecided']} {troubles}."
    tied = ngettext(
        "Tied at the line: {who}; {n} of them stays.",
        "Tied at the line: {who}; {n} of them stay.",
        content["places"],
    ).format(who=listed(content["open"], names), n=content["places"])
    return f"{tied} {NEEDED[content['state']]}"


def rests(content: Mapping[str, Any]) -> str:
    """What it was decided by."""
    return ngettext(
        "It rests on {votes} counted votes of {voters} visitor.",
        "It rests on {votes} counted votes of {voters} visitors.",
        content["voters"],
    ).format(
        votes=number_format(content["votes"], force_grouping=True),
        voters=number_format(content["voters"], force_grouping=True),
    )


def pair_as_drawn(pair: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """A pair over the line, with names in place of slugs."""
    return {**pair, "stays": names.get(pair["stays"], pair["stays"]), "goes": names.get(pair["goes"], pair["goes"])}


def facts(content: Mapping[str, Any], names: Names) -> list[str]:
    """How sure the line is."""
    line = content["line"]
    if not line:
        return []
    pair = pair_as_drawn(line["pairs"][0], names)
    said = [
        _("The closest pair over the line by the score: {above} is {gap} points ahead of {below}.").format(
            above=pair["stays"], below=pair["goes"], gap=rounded(pair["gap"])
        )
    ]
    if pair["needs"] is None:
        said.append(_("How uncertain that is cannot be said: one of them never won or never lost a point."))
    else:
        said.append(
            _("To be clear, the gap must be more than {needs} points; its standard error is {se}.").format(
                needs=rounded(pair["needs"]), se=rounded(pair["se"])
            )
        )
    if line["voters"] is not None:
        said.append(
            ngettext(
                "Without {n} voter, somebody else would be below the line: the fewest found, perhaps there are fewer.",
                "Without {n} voters, somebody else would be below the line: the fewest found, perhaps there are fewer.",
                line["voters"],
            ).format(n=line["voters"])
        )
    if line["locked"] is not None:
        said.append(
            _("The line is settled also for who looks after every vote (95 %).")
            if line["locked"]
            else _("For who looks after every vote, the line is not settled (95 %).")
        )
    return said


def step_in_words(step: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    """A step of the tie chain: what it found of each, and what came of it."""
    names, came = shown.names, []
    if step["stays"]:
        came.append(_("Stay: {who}.").format(who=listed(step["stays"], names)))
    if step["goes"]:
        came.append(_("Out: {who}.").format(who=listed(step["goes"], names)))
    if not step["decided"]:
        rest = set(step["among"]) - set(step["stays"]) - set(step["goes"])
        came.append(_("Tied still: {who}.").format(who=listed(sorted(rest), names)))
    return {
        "title": STEPS[step["step"]],
        "step": step["step"],
        "source": step["source"],
        "run_off": shown.run_offs.get(step["source"]),
        "decided": step["decided"],
        "came": " ".join(came),
        # Of a run-off they are who stays and who goes, which is said anyway.
        "figures": [
            (names.get(slug, slug), figure_in_words(each))
            for slug, each in step["figures"].items()
            if each not in ("stays", "goes")
        ],
    }


def rounded(number: float, places: int = 1) -> str:
    """A number for the page; Django's own formatting cuts digits off where it should round."""
    return number_format(round(number, places), places, force_grouping=True)


def figure_in_words(figure: Any) -> str:
    """What a step found of one."""
    if isinstance(figure, Mapping):
        return _("{won} won, {lost} lost").format(won=figure["won"], lost=figure["lost"])
    if isinstance(figure, float):
        return rounded(figure)
    return "–" if figure is None else str(figure)


def named(slugs: Iterable[str], names: Names) -> list[str]:
    return [names.get(slug, slug) for slug in slugs]


def listed(slugs: Iterable[str], names: Names) -> str:
    return ", ".join(named(slugs, names))
