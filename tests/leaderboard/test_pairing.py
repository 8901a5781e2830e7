"""Who meets whom: a floor for every pair, then the pairs at the line; nobody too often, and the probability kept."""

import math
import uuid
from collections import Counter
from itertools import combinations

import pytest
from scipy.stats import chisquare

from arena.battles import published_chances, start_battle
from arena.drawing import draw_pair
from arena.models import Battle, Drawable, Pairing, Terms, Vote
from inference.breaker import count_failure
from inference.entries import add_entry
from inference.models import Breaker, Worker
from leaderboard.amending import amend_round
from leaderboard.fold import fold
from leaderboard.models import Participation
from leaderboard.rounds import close_round
from leaderboard.tasks import fold_open_rounds
from rating import Design
from tests.conftest import make_contest
from tests.leaderboard.test_folding import cast

DESIGN = Design()  # the usual rulebook's

LADDER = ("alder", "birch", "cedar", "dogwood")


def chances(contest):
    """The published chance of each pair, by slugs in their order."""
    slugs = dict(contest.participations.values_list("entry_id", "entry__slug"))
    published = published_chances(contest.gate.terms.order_by("-version").first())
    return {tuple(sorted(slugs[entry] for entry in pair)): chance for pair, chance in published.items()}


def climb(contest, games=12):
    """Every pair has met `games` times; who stands higher in the ladder has mostly won."""
    for first, second in combinations(LADDER, 2):
        for n in range(games):
            cast(contest, first, second, "b" if n % 4 == 3 else "a")
    fold(contest)


def exposures(probabilities):
    """How likely each is to be in the next battle."""
    drawn = Counter()
    for pair, chance in probabilities.items():
        for one in pair:
            drawn[one] += chance
    return drawn


def season(contest, random, battles):
    """So many newcomers start a battle and vote by the entries' true strengths, with a board after each thirty."""
    strengths = {part.entry_id: -0.5 * n for n, part in enumerate(contest.participations.order_by("entry__slug"))}
    for n in range(1, battles + 1):
        battle = start_battle(voter_id=uuid.UUID(int=random.getrandbits(128)), random=random)
        better = 1 / (1 + math.exp(strengths[battle.entry_b_id] - strengths[battle.entry_a_id]))
        Vote.objects.create(
            battle=battle,
            gate=contest.gate,
            voter=battle.voter,
            winner="a" if random.random() < better else "b",
            counted_as=1,
        )
        Battle.objects.filter(pk=battle.pk).update(state="voted")
        if n % 30 == 0:
            fold_open_rounds()


def test_before_any_vote_every_pair_is_as_likely_as_another(contest):
    assert list(chances(contest).values()) == [pytest.approx(1 / 6)] * 6


def test_a_fold_turns_the_chances_to_the_pairs_with_too_few_votes(contest):
    for _ in range(5):
        cast(contest, "alder", "birch", "a")
    fold_open_rounds()
    found = chances(contest)
    assert sum(found.values()) == pytest.approx(1)
    assert found["alder", "birch"] == pytest.approx(0.5 / 6 + 0.5 * 5 / 55)
    assert found["alder", "cedar"] == pytest.approx(0.5 / 6 + 0.5 * 10 / 55)
    assert Pairing.objects.get().position == 5
    cast(contest, "cedar", "dogwood", "tie")
    fold_open_rounds()
    assert chances(contest)["cedar", "dogwood"] < found["cedar", "dogwood"]
    assert Pairing.objects.get().position == 6


def test_beyond_the_floor_the_pair_at_the_line_is_the_most_likely(contest):
    climb(contest)
    found = chances(contest)
    assert max(found, key=found.get) == ("cedar", "dogwood")
    assert min(found.values()) >= DESIGN.explore / 6 * (1 - 1e-9)
    drawn = exposures(found)
    assert max(drawn.values()) <= DESIGN.cap * min(drawn.values()) * (1 + 1e-9)


def test_in_a_whole_season_the_line_draws_the_battles_and_nobody_is_left_out(transactional_db, worker, seeded):
    contest = make_contest(worker, 6)
    season(contest, seeded, 600)
    met = Counter(
        tuple(sorted(pair)) for pair in Battle.objects.values_list("entry_a__slug", "entry_b__slug").iterator()
    )
    assert len(met) == 15
    assert min(met.values()) >= DESIGN.floor
    assert met.most_common(1)[0][0] == ("elm", "fir")
    assert met["elm", "fir"] > 1.5 * 600 / 15
    drawn = exposures(met)
    assert max(drawn.values()) <= DESIGN.cap * min(drawn.values())


def test_the_propensities_are_those_of_the_draws(contest, seeded):
    climb(contest)
    published = published_chances(contest.gate.terms.get())
    weights = dict(contest.gate.terms.get().drawables.values_list("entry_id", "weight"))
    said, drawn = {}, Counter()
    for _ in range(20_000):
        draw = draw_pair(weights, spent=[], cap=10, random=seeded, chances=published)
        drawn[draw.a, draw.b] += 1
        said.setdefault((draw.a, draw.b), set()).add(draw.propensity)
    assert len(said) == 12
    propensities = {pair: propensity for pair, (propensity,) in said.items()}
    assert sum(propensities.values()) == pytest.approx(1)
    for pair, propensity in propensities.items():
        assert propensity == pytest.approx(published[frozenset(pair)] / 2)
    expected = [20_000 * propensities[pair] for pair in drawn]
    assert chisquare(list(drawn.values()), expected).pvalue > 0.001


def test_who_cannot_answer_is_never_drawn_and_the_others_keep_their_proportions(visitor, contest):
    climb(contest)
    Worker.objects.filter(entry__slug="dogwood").update(healthy=False)
    left = {pair: chance for pair, chance in chances(contest).items() if "dogwood" not in pair}
    for _ in range(8):
        visitor.start()
    for battle in Battle.objects.filter(state="open").select_related("entry_a", "entry_b"):
        pair = tuple(sorted((battle.entry_a.slug, battle.entry_b.slug)))
        assert battle.propensity == pytest.approx(left[pair] / sum(left.values()) / 2)


def test_a_voter_is_drawn_pairs_with_room_by_their_chances(contest, seeded):
    climb(contest)
    published = published_chances(contest.gate.terms.get())
    weights = dict(contest.gate.terms.get().drawables.values_list("entry_id", "weight"))
    spent = [max(published, key=published.get)] * 2
    for _ in range(200):
        draw = draw_pair(weights, spent=spent, cap=2, random=seeded, chances=published)
        pair = frozenset((draw.a, draw.b))
        assert pair != spent[0]
        assert draw.propensity == pytest.approx(published[pair] / (1 - published[spent[0]]) / 2)


def test_where_a_pair_has_no_chance_published_the_weights_decide(seeded):
    known = {frozenset((1, 2)): 0.9, frozenset((1, 3)): 0.1}
    draw = draw_pair(dict.fromkeys((1, 2, 3), 1.0), spent=[], cap=1, random=seeded, chances=known)
    assert draw.propensity == pytest.approx(1 / 6)


def test_new_terms_are_drawn_by_their_weights_until_the_next_fold(contest, worker):
    climb(contest)
    elm = add_entry(slug="elm", name="Elm", team="Team Elm")
    Worker.objects.create(entry=elm, url=worker.url, served_name="elm", slots=100, healthy=True)
    amended = Terms.objects.create(gate=contest.gate, version=2)
    kept = contest.participations.filter(entry__slug__in=["alder", "birch"])
    for entry in [*(part.entry for part in kept), elm]:
        Drawable.objects.create(terms=amended, entry=entry)
    assert start_battle(voter_id=uuid.uuid4()).propensity == pytest.approx(1 / 6)
    before = Pairing.objects.get(terms__version=1).chances
    cast(contest, "alder", "birch", "a")
    fold(contest)
    # Elm stands on no board yet, so that nothing is known of its pairs.
    assert set(chances(contest)) == {("alder", "birch")}
    assert start_battle(voter_id=uuid.uuid4()).propensity == pytest.approx(1 / 6)
    assert Pairing.objects.get(terms__version=1).chances == before


def test_the_line_runs_through_those_who_compete(contest):
    climb(contest)
    assert chances(contest)["cedar", "dogwood"] == max(chances(contest).values())
    Participation.objects.filter(entry__slug="dogwood").update(state="eliminated")
    fold(contest, anyway=True)
    found = chances(contest)
    assert max(found, key=found.get) == ("birch", "cedar")
    assert set(found) == set(combinations(LADDER, 2))


def test_where_the_cut_takes_all_that_compete_there_is_nothing_to_aim_at(contest):
    climb(contest)
    Participation.objects.exclude(entry__slug="alder").update(state="eliminated")
    contest.cut_size = 2
    fold(contest, anyway=True)
    assert list(chances(contest).values()) == [pytest.approx(1 / 6)] * 6


def test_where_the_board_has_no_line_the_pairs_are_drawn_evenly(contest):
    """Dogwood has met nobody and cannot be drawn; so it has no rank, and nobody knows who is last."""
    without = Terms.objects.create(gate=contest.gate, version=2)
    for part in contest.participations.exclude(entry__slug="dogwood"):
        Drawable.objects.create(terms=without, entry=part.entry)
    for first, second in combinations(LADDER[:3], 2):
        for n in range(12):
            cast(contest, first, second, "b" if n % 4 == 3 else "a")
    fold(contest)
    assert chances(contest) == dict.fromkeys(combinations(LADDER[:3], 2), pytest.approx(1 / 3))


def test_a_closed_round_keeps_the_pairing_it_was_voted_with(contest):
    climb(contest)
    before = Pairing.objects.get()
    cast(contest, "cedar", "dogwood", "b")
    close_round(contest)
    after = Pairing.objects.get()
    # The votes that no fold knew before the close are counted after it, and steer nothing any more.
    assert (before.position, after.position) == (72, 72)
    fold(contest, anyway=True)
    assert Pairing.objects.get().made_at == after.made_at


def test_a_round_of_one_drawable_has_no_pairs(contest):
    alone = Terms.objects.create(gate=contest.gate, version=2)
    Drawable.objects.create(terms=alone, entry=contest.participations.first().entry)
    fold(contest, anyway=True)
    assert not Pairing.objects.filter(terms=alone).exists()


def test_a_rulebook_may_ask_for_pairs_all_alike(contest):
    amend_round(contest, {"pairing": {"method": "uniform"}}, reason="Nothing is to steer who meets whom.")
    cast(contest, "alder", "birch", "a")
    fold(contest)
    chances = [chance for *_, chance in Pairing.objects.latest("terms__version").chances]
    assert chances == [pytest.approx(1 / 6)] * 6


def test_an_entry_that_nobody_could_ask_for_a_while_catches_up(contest, seeded):
    alder = Worker.objects.filter(entry__slug="alder")
    season(contest, seeded, 30)
    for _ in range(3):
        count_failure(alder.get().pk)  # its breaker opens
    met = Battle.objects.count()
    season(contest, seeded, 60)
    away = Battle.objects.order_by("created_at")[met:]
    assert "alder" not in {one for battle in away for one in (battle.entry_a.slug, battle.entry_b.slug)}
    found = exposures(chances(contest))
    assert found["alder"] == max(found.values())
    Breaker.objects.update(opened_at=None)
    season(contest, seeded, 60)
    met = Counter()
    for a, b in Battle.objects.values_list("entry_a__slug", "entry_b__slug"):
        met[frozenset((a, b))] += 1
    assert all(met[frozenset(("alder", other))] >= DESIGN.floor for other in LADDER[1:])
