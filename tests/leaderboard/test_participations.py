"""Who takes part: references, newcomers and those who leave, each change with a reason and for good."""

import json
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone, translation

from accounts.models import Team, User
from arena.battles import open_terms, start_battle
from arena.models import Battle
from inference.models import Entry
from inference.models import Worker as WorkerRow
from leaderboard.boards import board
from leaderboard.export import export_round
from leaderboard.fold import fold
from leaderboard.margins import measure_margin
from leaderboard.models import Folded, Margin, Participation, ParticipationChange, ParticipationState, Round
from leaderboard.participations import CannotChange, admit_wildcard, change_participation, replace_entry
from leaderboard.recounting import recount
from leaderboard.rounds import CannotOpen, close_round, open_following_round, open_round
from rating.command import main as rating_command
from tests.conftest import BY_SCORE
from tests.leaderboard.test_folding import cast

ODDS = ("a", "a", "a", "b", "tie")


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def enter(slug, worker, team=None):
    team = team or Team.objects.create(slug=f"team-{slug}", name=f"Team {slug.title()}")
    entry = Entry.objects.create(team=team, slug=slug, name=slug.title())
    WorkerRow.objects.create(entry=entry, url=worker.url, served_name=slug, slots=100, healthy=True)
    return entry


@pytest.fixture
def with_reference(transactional_db, worker):
    """A round of four and a reference, Zelkova, that is stronger than all of them."""
    entries = [enter(slug, worker) for slug in ("alder", "birch", "cedar", "dogwood")]
    enter("zelkova", worker)
    ends = timezone.now() + timedelta(days=30)
    return open_round(entries, ends_at=ends, minimum_votes=2, pace=0, references=["zelkova"], tie_chain=BY_SCORE)


def ladder(contest, *slugs, games=20):
    """Each beats the next, mostly."""
    for stronger, weaker in pairwise(slugs):
        for n in range(games):
            cast(contest, stronger, weaker, ODDS[n % 5])


def part(slug):
    return Participation.objects.get(entry__slug=slug)


def rows(series=None):
    return {row["slug"]: row for row in board(series)["standings"]}


def drawn(times=40):
    battles = [start_battle(voter_id=uuid4()) for _ in range(times)]
    return {entry.slug for battle in battles for entry in (battle.entry_a, battle.entry_b)}


def test_a_reference_battles_and_is_never_ranked(client, with_reference):
    ladder(with_reference, "zelkova", "alder", "birch", "cedar", "dogwood")
    fold(with_reference)
    shown = client.get("/api/v1/board").json()
    assert [(row["slug"], row["rank"], row["status"]) for row in shown["standings"]][-2:] == [
        ("dogwood", 4, "at_risk"), ("zelkova", None, "reference"),
    ]  # fmt: skip
    last = shown["standings"][-1]
    assert (last["joined"], last["p_cut"], last["rank_high"]) == (True, None, None)
    assert last["rating"] == max(row["rating"] for row in shown["standings"])
    assert sum(row["p_cut"] for row in shown["standings"][:-1]) == pytest.approx(1)
    assert max(row["rank_high"] for row in shown["standings"][:-1]) == 4
    assert shown["round"]["line"] == pytest.approx(sum(row["rating"] for row in shown["standings"][2:4]) / 2)
    assert "zelkova" in drawn()
    page = client.get("/board", headers={"Accept-Language": "en"}).content.decode()
    assert page.index("Beside the contest") < page.index(">Zelkova<")


def test_strength_is_told_in_percent_of_the_reference(with_reference):
    ladder(with_reference, "zelkova", "alder", "birch", "cedar", "dogwood")
    fold(with_reference)
    assert board()["round"]["reference"] == {"slug": "zelkova", "name": "Zelkova"}
    told = rows()
    percents = [told[slug]["percent"] for slug in ("zelkova", "alder", "birch", "cedar", "dogwood")]
    assert percents == sorted(percents, reverse=True)
    # Of the 20 votes between the two, Alder got 6 points where an equal gets 10.
    assert percents[:2] == [100, pytest.approx(60, abs=2)]
    assert told["alder"]["percent_low"] < told["alder"]["percent"] < told["alder"]["percent_high"]


def test_a_line_does_not_wait_for_a_reference_without_votes(with_reference):
    ladder(with_reference, "alder", "birch", "cedar", "dogwood")
    fold(with_reference)
    assert board()["round"]["line"] is not None
    assert board()["round"]["outlook"]["votes_to_flip"] > 0
    assert (board()["round"]["reference"], rows()["alder"]["percent"]) == (None, None)
    # The weakest now, and still no part of the cut: what turns the line is among those who compete, one vote a voter.
    ladder(with_reference, "dogwood", "zelkova", games=60)
    fold(with_reference)
    assert measure_margin(with_reference)
    assert Margin.objects.get().voters == board()["round"]["outlook"]["votes_to_flip"]
    assert rows()["dogwood"]["rank"] == 4


def test_the_cut_passes_a_reference_by_and_the_next_round_has_it_again(with_reference):
    ladder(with_reference, "alder", "birch", "cedar", "dogwood", "zelkova")
    cut = close_round(with_reference)
    assert [entry.slug for entry in cut.eliminated] == ["dogwood"]
    assert {slug: row["status"] for slug, row in rows("round-1").items()} == {
        "alder": "safe", "birch": "safe", "cedar": "safe", "dogwood": "eliminated", "zelkova": "reference",
    }  # fmt: skip
    following = open_following_round(Round.objects.get())
    assert dict(following.participations.values_list("entry__slug", "role")) == {
        "alder": "contestant", "birch": "contestant", "cedar": "contestant", "zelkova": "reference",
    }  # fmt: skip


def test_a_board_with_a_reference_and_one_who_left_is_recomputed_from_its_files(with_reference, tmp_path, capsys):
    ladder(with_reference, "zelkova", "alder", "birch", "cedar", "dogwood")
    change_participation(part("birch"), ParticipationState.WITHDRAWN, reason="Its server burnt down.")
    fold(with_reference)
    export_round(with_reference, tmp_path)
    exported = json.loads((tmp_path / "board.json").read_text())
    assert (exported["parameters"]["unranked"], exported["parameters"]["reference"]) == (
        ["birch", "zelkova"],
        "zelkova",
    )
    capsys.readouterr()
    files = (str(tmp_path / "ballots.jsonl.gz"), "--config", str(tmp_path / "board.json"))
    assert rating_command(["fit", *files, "--json"]) == 0
    players = {player["name"]: player for player in json.loads(capsys.readouterr().out)["players"]}
    fields = ("rating", "low", "high", "rank", "rank_low", "rank_high", "votes", "p_cut")
    fields += ("percent", "percent_low", "percent_high")
    assert len(exported["standings"]) == 5
    for row in exported["standings"]:
        assert {field: players[row["slug"]][field] for field in fields} == {
            field: row[field] if row[field] is None else pytest.approx(row[field], abs=1e-6) for field in fields
        }


@pytest.mark.parametrize(
    ("references", "words"),
    [
        (["nobody"], "there is no entry nobody to be a reference"),
        (["alder"], "alder cannot compete and be a reference"),
    ],
)
def test_a_reference_that_cannot_be_is_refused(db, worker, references, words):
    entries = [enter(slug, worker) for slug in ("alder", "birch")]
    with pytest.raises(CannotOpen, match=words):
        open_round(entries, ends_at=timezone.now() + timedelta(days=1), references=references)
    assert not Round.objects.exists()


def test_who_leaves_is_not_drawn_any_more_and_a_battle_under_way_is_finished(site, visitor, contest):
    ladder(contest, "alder", "birch", "cedar", "dogwood")
    duel = visitor.start()
    leaving = Battle.objects.get(id=duel.id).entry_a.slug
    duel.ask("hi")
    call_command("change_participation", leaving, "withdrawn", reason="The team gives up.", reason_ko="팀이 포기했다.")
    assert duel.vote("a").status_code == 201
    fold(contest)
    row = rows()[leaving]
    # Its votes stay, the last one too: the others are measured against them.
    assert (row["status"], row["rank"], row["joined"]) == ("withdrawn", None, True)
    assert board()["votes"] == 61
    assert leaving not in drawn()
    assert {row["rank"] for slug, row in rows().items() if slug != leaving} == {1, 2, 3}
    # No rule was changed, and so there is no new version of the rulebook.
    assert (contest.rulebooks.count(), open_terms().version) == (1, 2)


def test_a_suspension_can_be_lifted_and_a_disqualification_taken_back(client, contest):
    with pytest.raises(CannotChange, match="visitor is no organizer"):
        change_participation(
            part("cedar"), ParticipationState.SUSPENDED, reason="I say so.", by=User.objects.create_user("visitor")
        )
    organizer = User.objects.create_user("organizer", is_staff=True)
    for state in (ParticipationState.SUSPENDED, ParticipationState.DISQUALIFIED):
        change_participation(part("cedar"), state, reason=f"Is {state}.", by=organizer)
        assert rows()["cedar"]["status"] == state
        assert "cedar" not in drawn(20)
        change_participation(part("cedar"), ParticipationState.COMPETING, reason="It was a mistake.", by=organizer)
    assert "cedar" in drawn()
    page = client.get("/entries/cedar", headers={"Accept-Language": "en"}).content.decode()
    assert page.count("It was a mistake.") == 2
    assert page.index("Is suspended.") < page.index("Takes part again") < page.index("Is disqualified.")
    log = part("cedar").changes.values_list("before", "after", "reason", "by__username")
    assert list(log) == [
        ("", "competing", "", None),
        ("competing", "suspended", "Is suspended.", "organizer"),
        ("suspended", "competing", "It was a mistake.", "organizer"),
        ("competing", "disqualified", "Is disqualified.", "organizer"),
        ("disqualified", "competing", "It was a mistake.", "organizer"),
    ]


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("competing", "Why not.", "alder is competing, and cannot become competing"),
        ("eliminated", "It is bad.", "cannot become eliminated by an organizer's word"),
        ("suspended", " ", "it needs a reason that everybody can read"),
        ("suspended", "two\nlines", "a reason is one line"),
        ("suspended", "x" * 301, "at most 300 characters"),
    ],
)
def test_a_change_that_cannot_be_is_refused(contest, state, reason, words):
    with pytest.raises(CannotChange, match=words):
        change_participation(part("alder"), ParticipationState(state), reason=reason)
    assert ParticipationChange.objects.count() == 4


def test_who_has_withdrawn_does_not_come_back_and_nothing_changes_after_the_result(contest):
    change_participation(part("alder"), ParticipationState.WITHDRAWN, reason="The team gives up.")
    with pytest.raises(CannotChange, match="alder is withdrawn"):
        change_participation(part("alder"), ParticipationState.COMPETING, reason="It thought again.")
    ladder(contest, "birch", "cedar", "dogwood")
    close_round(contest)
    with pytest.raises(CommandError, match="Nothing has changed: its result is published"):
        call_command("change_participation", "birch", "withdrawn", reason="Too late.")
    assert part("birch").state == "competing"
    assert part("dogwood").changes.filter(before="competing", after="eliminated", reason="").count() == 1


def test_the_log_is_only_ever_added_to(contest):
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        ParticipationChange.objects.update(reason="Other.")
    assert not ParticipationChange.objects.exclude(reason="").exists()


def test_the_database_refuses_two_entries_of_a_team_in_a_round(contest, worker):
    twin = enter("twin", worker, team=Team.objects.get(slug="team-alder"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.create(round=contest, entry=twin, team=twin.team)
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.create(round=contest, entry=twin, team=twin.team, role="wildcard", state="eliminated")
    Participation.objects.create(round=contest, entry=twin, team=twin.team, role="reference")


def test_a_wildcard_comes_in_without_votes_and_all_others_keep_theirs(contest, worker):
    ladder(contest, "alder", "birch", "cedar", "dogwood")
    fold(contest)
    before = rows()
    newcomer = enter("elm", worker)
    call_command("admit_entry", "elm", reason="The panel admits it.")
    after = rows()
    assert (after["elm"]["status"], after["elm"]["votes"], after["elm"]["joined"]) == ("provisional", 0, False)
    assert {slug: row["votes"] for slug, row in after.items() if slug != "elm"} == {
        slug: row["votes"] for slug, row in before.items()
    }
    assert board()["round"]["line"] is None
    assert "elm" in drawn()
    for rival in ("alder", "birch", "cedar", "dogwood"):
        cast(contest, "elm", rival, "tie")
    fold(contest)
    assert recount(contest).agrees
    assert rows()["elm"]["rank"] is not None
    assert Folded.objects.get().slugs == ["alder", "birch", "cedar", "dogwood", "elm"]
    assert part("elm").changes.get().reason == "The panel admits it."
    with pytest.raises(CannotChange, match="elm has taken part"):
        admit_wildcard(contest, newcomer, reason="Again.")


def test_an_emergency_replacement_is_a_new_entry_that_begins_anew(contest, worker):
    ladder(contest, "alder", "birch", "cedar", "dogwood")
    stand_in = enter("cedar-2", worker, team=Team.objects.get(slug="team-cedar"))
    call_command("admit_entry", "cedar-2", replaces="cedar", reason="Its weights were lost.")
    told = rows()
    assert (told["cedar"]["status"], told["cedar"]["votes"]) == ("withdrawn", 40)
    assert (told["cedar-2"]["status"], told["cedar-2"]["votes"]) == ("provisional", 0)
    assert [change.reason for change in part("cedar").changes.all()] == ["", "Its weights were lost."]
    assert part("cedar-2").role == "wildcard"
    with pytest.raises(CannotChange, match="cedar is withdrawn"):
        replace_entry(part("cedar"), stand_in, reason="Again.")
    with pytest.raises(CannotChange, match="cedar-2 is of another team than birch"):
        replace_entry(part("birch"), stand_in, reason="A swap.")
    assert part("birch").state == "competing"


def test_a_team_has_one_entry_in_a_round_also_when_a_suspension_is_lifted(contest, worker):
    second = enter("cedar-2", worker, team=Team.objects.get(slug="team-cedar"))
    with pytest.raises(CannotChange, match="another entry of its team competes"):
        admit_wildcard(contest, second, reason="A second one.")
    change_participation(part("cedar"), ParticipationState.SUSPENDED, reason="Under suspicion.")
    admit_wildcard(contest, second, reason="For the time being.")
    with pytest.raises(CannotChange, match="another entry of its team competes"):
        change_participation(part("cedar"), ParticipationState.COMPETING, reason="Not guilty.")
    assert part("cedar").state == "suspended"
    assert part("cedar").changes.count() == 2
