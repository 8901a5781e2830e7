"""The exposure audit: it adds up, it tells nobody who stands behind A and B, and it costs what one count costs."""

from itertools import permutations

import pytest

from arena.gates import close_gate
from arena.models import Battle, Drawable, Terms
from leaderboard import exposure as audit
from leaderboard.exposure import exposure
from leaderboard.fold import fold
from tests.leaderboard.test_folding import cast
from tests.leaderboard.test_pairing import season

PATH = "/api/v1/rounds/1/exposure"


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch):
    """Each look counts anew; only a test about it waits."""
    monkeypatch.setattr(audit, "KEPT_SECONDS", 0)


def pair_of(found, first, second):
    return next(pair for pair in found["pairs"] if (pair["first"], pair["second"]) == (first, second))


def test_pairs_entries_and_totals_say_the_same(visitor, contest, seeded):
    season(contest, seeded, 90)
    visitor.start().ask("!empty")
    cast(contest, "alder", "birch", "a", counted=False)
    found = visitor.http.get(PATH).json()
    assert (found["battles"], found["void"], found["votes"], found["waiting"]) == (92, 1, 90, 0)
    for field in ("battles", "void", "votes"):
        assert sum(pair[field] for pair in found["pairs"]) == found[field]
        assert sum(entry[field] for entry in found["entries"]) == 2 * found[field]
    assert sum(pair["share"] for pair in found["pairs"]) == pytest.approx(1)
    assert sum(pair["chance"] for pair in found["pairs"]) == pytest.approx(1)
    assert sum(entry["as_a"] for entry in found["entries"]) == 92
    assert min(entry["relative"] for entry in found["entries"]) == 1
    assert found["design"] == {"floor": 10, "explore": 0.5, "cap": 3}


def test_sides_are_told_apart(contest):
    for first, second in (("birch", "alder"), ("birch", "alder"), ("alder", "birch")):
        cast(contest, first, second, "a")
    found = exposure("1")
    assert (pair_of(found, "alder", "birch")["battles"], pair_of(found, "alder", "birch")["first_as_a"]) == (3, 1)
    assert {entry["slug"]: (entry["battles"], entry["as_a"]) for entry in found["entries"]} == {
        "alder": (3, 1), "birch": (3, 2), "cedar": (0, 0), "dogwood": (0, 0),
    }  # fmt: skip
    assert {entry["relative"] for entry in found["entries"]} == {None}


def test_the_expected_share_undoes_that_pairs_are_drawn_where_they_are_likely(contest):
    for propensity in (0.1, 0.4):
        vote = cast(contest, "alder", "birch", "a")
        Battle.objects.filter(vote=vote).update(propensity=propensity)
    assert pair_of(exposure("1"), "alder", "birch")["expected"] == pytest.approx(2 * 2 / (1 / 0.1 + 1 / 0.4))
    assert pair_of(exposure("1"), "cedar", "dogwood")["expected"] is None


def test_the_shares_drawn_are_near_those_expected(contest, seeded):
    season(contest, seeded, 400)
    for pair in exposure("1")["pairs"]:
        error = (pair["share"] * (1 - pair["share"]) / 400) ** 0.5
        assert abs(pair["share"] - pair["expected"]) < 4 * error


def test_nobody_sees_there_which_two_they_have_got(visitor, contest):
    for first, second in permutations(("alder", "birch", "cedar", "dogwood"), 2):
        cast(contest, first, second, "a")
    before = visitor.http.get(PATH).json()
    duel = visitor.start()
    during = visitor.http.get(PATH).json()
    assert during == before | {"waiting": 1}
    duel.ask("hi")
    assert visitor.http.get(PATH).json() == during
    duel.vote("a")
    after = visitor.http.get(PATH).json()
    assert (after["battles"], after["waiting"], after["votes"]) == (13, 0, 13)


def test_the_chances_are_those_of_the_newest_terms(contest):
    amended = Terms.objects.create(gate=contest.gate, version=2)
    for part in contest.participations.exclude(entry__slug="dogwood"):
        Drawable.objects.create(terms=amended, entry=part.entry)
    assert {pair["chance"] for pair in exposure("1")["pairs"]} == {None}
    cast(contest, "alder", "dogwood", "a")
    fold(contest)
    chances = {(pair["first"], pair["second"]): pair["chance"] for pair in exposure("1")["pairs"]}
    assert (chances["alder", "birch"], chances["alder", "dogwood"]) == (pytest.approx(1 / 3), None)


def test_when_no_more_votes_come_every_battle_is_told(visitor, contest):
    visitor.start()
    close_gate(contest.gate_id)
    found = visitor.http.get(PATH).json()
    assert (found["battles"], found["waiting"], found["votes"]) == (1, 0, 0)


def test_many_battles_cost_no_more_queries(contest, seeded, django_assert_num_queries):
    with django_assert_num_queries(6):
        exposure("1")
    season(contest, seeded, 60)
    with django_assert_num_queries(6):
        exposure("1")


def test_battles_are_not_counted_for_everybody_who_looks(contest, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(audit, "KEPT_SECONDS", 30)
    exposure("1")
    cast(contest, "alder", "birch", "a")
    with django_assert_num_queries(5):
        assert exposure("1")["battles"] == 0
    close_gate(contest.gate_id)
    assert exposure("1")["battles"] == 1


def test_an_audit_that_has_not_changed_is_not_sent_again(visitor, contest):
    first = visitor.http.get(PATH)
    assert first.headers["Cache-Control"] == "public, max-age=1"
    again = visitor.http.get(PATH, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    cast(contest, "alder", "birch", "a")
    fold(contest)
    assert visitor.http.get(PATH, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("number", [0, 2, 10**30])
def test_a_round_that_is_not_is_refused(visitor, number):
    answer = visitor.http.get(f"/api/v1/rounds/{number}/exposure")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_round")
    assert visitor.http.get(f"/rounds/{number}/exposure").status_code == 404


def test_the_page_shows_it_in_both_languages_and_the_board_leads_there(newcomer, contest):
    for first, second in (("alder", "birch"), ("cedar", "dogwood"), ("cedar", "dogwood")):
        cast(contest, first, second, "a")
    fold(contest)
    for language, words in (("en", ("Who met whom", "Share drawn")), ("ko", ("누가 누구와 만났나", "실제 비율"))):
        reader = newcomer(language)
        assert 'href="/rounds/1/exposure"' in reader.http.get("/board").text
        page = reader.http.get("/rounds/1/exposure").text
        assert all(word in page for word in words)
        assert "<td>66.7 %</td>" in page
        assert page.count('<th scope="row">') == 4 + 4 + 6
