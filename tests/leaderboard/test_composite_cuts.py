"""A composite decides: who has the lowest total is out, whatever the arena says, and a missing score stops it."""

import json
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from leaderboard.appeals.ruling import Verdict, confirm_ruling, propose_ruling
from leaderboard.boards import board
from leaderboard.cut.decisions import decide_now
from leaderboard.editions import served
from leaderboard.export import export_board
from leaderboard.fold import fold
from leaderboard.models import Actor, Decision, ParticipationState, Round, RoundState
from leaderboard.rounds import CannotClose, close_round
from leaderboard.scoring.panels import add_judge
from leaderboard.scoring.told import told
from leaderboard.states import move
from rating.decision import Grounds
from tests.conftest import make_contest
from tests.leaderboard.scored import JANUARY, composite
from tests.leaderboard.test_appeals import appeal, organizer
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_marks import ANNOUNCED, BENCHMARK, EXPERTS, announced, enter, weighed  # noqa: F401

BEHIND = (
    BENCHMARK.replace("alder,national,,1.5,,0.25", "alder,national,,0,,0.25").replace(",60,100,", ",0,100,"),
    "entry,judge,value\n"
    + "".join(
        f"{slug},J{n},{0 if slug == 'alder' else 35}\n"
        for slug in ("alder", "birch", "cedar", "dogwood")
        for n in (1, 2, 3)
    ),
)
"""Marks that put Alder far behind all others."""


def out(contest):
    gone = contest.participations.filter(state=ParticipationState.ELIMINATED)
    return list(gone.values_list("entry__slug", flat=True))


def test_the_lowest_total_is_out_though_it_is_first_in_the_arena(weighed, enter):  # noqa: F811
    decide(weighed)
    fold(weighed)
    enter("benchmark", BEHIND[0])
    with translation.override("en"), pytest.raises(CannotClose, match="no score in experts"):
        close_round(weighed)
    assert Round.objects.get().state == "open"
    enter("experts", BEHIND[1])
    found = decide_now(weighed)
    assert (found.state, found.goes) == ("decided", {"alder"})
    close_round(weighed)
    assert out(weighed) == ["alder"]
    written = Decision.objects.get()
    grounds = Grounds.read(written.grounds)
    assert [part.name for part in grounds.parts] == ["benchmark", "experts", "arena"]
    assert grounds.canonical() == written.grounds
    # What the page adds up is what decided.
    totals = {one["slug"]: one["total"] for one in told(Round.objects.get())["entries"]}
    for entry in json.loads(written.content)["entries"]:
        assert entry["score"] == pytest.approx(float(Fraction(totals[entry["slug"]])), abs=1e-6)


def test_an_export_has_the_scores_once_they_are_public(weighed, enter, tmp_path):  # noqa: F811
    enter("benchmark", BEHIND[0])
    enter("experts", BEHIND[1])
    decide(weighed)
    fold(weighed)
    call_command("export_board", out=tmp_path / "early", verbosity=0)
    assert not (tmp_path / "early" / "scores.json").exists()
    close_round(weighed)
    call_command("export_board", out=tmp_path / "late", verbosity=0)
    scores = json.loads((tmp_path / "late" / "scores.json").read_text())
    assert [one["slug"] for one in scores["entries"]][-1] == "alder"
    marks = (tmp_path / "late" / "marks.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(marks) == 1 + 4 * 5 + 4 * 3
    assert "experts,alder,,,J1,0,,,0,https://example.org/marks.pdf," in "\n".join(marks)
    assert "marks.csv" in (tmp_path / "late" / "SHA256SUMS").read_text()


@pytest.mark.parametrize("public", ["at_once", "result"])
def test_a_board_tells_chances_by_the_total_or_tells_none(transactional_db, worker, enter, public):  # noqa: F811
    contest = make_contest(worker, 4, **composite(scores_public=public))
    for n in (1, 2, 3):
        add_judge(contest, "experts", name=f"Judge {n}", pseudonym=f"J{n}")
    decide(contest)
    fold(contest)

    def shown():
        html = Client().get("/board", headers={"Accept-Language": "en"}).content.decode()
        found = board("round-1")
        assert (found["round"]["line"], found["round"]["outlook"]) == (None, None)
        told = {row["slug"]: (row["rank"], row["status"], row["p_cut"]) for row in found["standings"]}
        return told, "data-by-total" in html, "data-untold" in html

    untold = {slug: (n, "ranked", None) for n, slug in enumerate(("alder", "birch", "cedar", "dogwood"), 1)}
    assert shown() == (untold, False, True)
    enter("benchmark", BEHIND[0])
    fold(contest, anyway=True)
    assert shown() == (untold, False, True)
    enter("experts", BEHIND[1])
    fold(contest, anyway=True)
    rows, by_total, told_none = shown()
    if public == "result":
        assert (rows, by_total, told_none) == (untold, False, True)
    else:
        assert (by_total, told_none) == (True, False)
        # First in the arena, and last by the total.
        assert rows["alder"][:2] == (1, "in_danger")
        assert rows["alder"][2] > 0.99
        assert {rows[slug][1] for slug in ("birch", "cedar", "dogwood")} == {"safe"}
        assert sum(chance for _rank, _status, chance in rows.values()) == pytest.approx(1)
    close_round(contest)
    assert {slug: row[1] for slug, row in shown()[0].items()} == dict.fromkeys(untold, "safe") | {"alder": "eliminated"}


def test_marks_corrected_during_appeals_make_the_next_edition_and_change_nothing_of_the_one_before(
    weighed,  # noqa: F811
    enter,  # noqa: F811
    tmp_path,
):
    enter("benchmark", BEHIND[0])
    enter("experts", BEHIND[1])
    decide(weighed)
    close_round(weighed)
    move(weighed, RoundState.APPEAL, by=Actor.COMMAND, reason="As agreed.")
    first = served(weighed.series)
    names = {"scores.json", "marks.csv", "decision.json", "grounds.json"}
    before = {one.name: one.read_bytes() for one in export_board(first, tmp_path / "a") if one.name in names}
    page = "/rounds/1/scores"
    assert "data-corrected" not in Client().get(page).content.decode()
    # Alder's judges had meant 35, and Birch's nothing.
    meant = "".join(f"{slug},J{n},{value}\n" for slug, value in (("alder", 35), ("birch", 0)) for n in (1, 2, 3))
    enter("experts", f"entry,judge,value\n{meant}", reason="Mixed up.")
    assert "data-corrected" in Client().get(page).content.decode()
    made = appeal(weighed, "alder", ground="scoring")
    ahn, bae = organizer("ahn"), organizer("bae")
    confirm_ruling(propose_ruling(made, Verdict("granted", "recompute", "Mixed up."), by=ahn), by=bae)
    assert out(weighed) == ["birch"]
    again = {one.name: one.read_bytes() for one in export_board(first, tmp_path / "b") if one.name in names}
    assert again == before
    late = tmp_path / "late"
    export_board(served(weighed.series), late)
    for edition, folder, value in ((1, tmp_path / "b", "0"), (2, late, "35")):
        told = Client().get(f"/api/v1{page}?edition={edition}").json()
        components = json.loads((folder / "scores.json").read_text())["components"]
        assert told["components"] == components
        marks = [one for one in components[1]["marks"] if one["slug"] == "alder"]
        assert {one["value"] for one in marks} == {value}
        assert f"experts,alder,,,J1,{value}," in (folder / "marks.csv").read_text(encoding="utf-8-sig")
        assert f'data-edition="{edition}"' in Client().get(f"{page}?edition={edition}").content.decode()
        assert f"{page}?edition={edition}" in Client().get("/rounds/1/cut").content.decode()
    assert [one["as_now"] for one in told["editions"]] == [False, True]
    assert Client().get(f"/api/v1{page}?edition=3").json()["code"] == "no_such_edition"
    assert Client().get(f"{page}?edition=3").status_code == 404


def test_a_tie_of_totals_goes_by_the_component_that_the_rulebook_names(transactional_db, worker, enter):  # noqa: F811
    rules = composite(JANUARY, tie_chain=["component", "beacon"], tie_component="users")
    contest = make_contest(worker, 5, **rules)
    fold(contest, anyway=True)
    text = {component: announced(component) for component in ANNOUNCED}
    # Equal in the total of all four, and one of them behind in the component by which ties are settled.
    text["users"] = text["users"].replace("cedar,19.7", "cedar,19.6")
    text["experts"] = text["experts"].replace("cedar,27.8", "cedar,27.9")
    for component in ANNOUNCED:
        enter(component, text[component])
    found = decide_now(contest)
    assert found.tied == {"birch", "cedar", "dogwood", "elm"}
    assert (found.state, found.goes, found.decided_by) == ("decided", {"cedar"}, "component")


def test_a_mark_that_comes_too_late_is_refused(weighed, enter):  # noqa: F811
    Round.objects.update(state="final")
    with pytest.raises(CommandError, match="until its result is published"):
        enter("experts", EXPERTS)
    with pytest.raises(CommandError, match="There is no round 2"):
        call_command("import_marks", "2", "experts", __file__, evidence="https://example.org/a")
