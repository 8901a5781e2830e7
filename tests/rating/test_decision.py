"""Who goes: clear of the line, or tied and parted by the chain; whatever order the votes come in."""

import gzip
import hashlib
import itertools
import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating import Ballots
from rating.command import main
from rating.decision import Beacon, Entrant, Grounds, Part, Rules, RunOff, decide
from rating.errors import BadCounts, BadGrounds

ABCD = ("ash", "bay", "cob", "dun")
FREE = {"minimum_votes": 0, "fewest_voters": 0, "tie_band": Decimal(0)}


def votes_of(games, slugs=ABCD, voters=None):
    """games: first, second, outcome by number; each vote one voter's, unless voters says whose."""
    rows = [(slugs.index(a), slugs.index(b), outcome) for a, b, outcome in games]
    first, second, outcome = zip(*rows, strict=True) if rows else ((), (), ())
    voter = range(len(rows)) if voters is None else voters
    return Ballots.from_arrays(first, second, outcome, players=len(slugs), voter=list(voter))


def ladder(games=40, lost=10, slugs=ABCD):
    """Each beats the next, but for some games."""
    return [(a, b, 1 if n < lost else 0) for a, b in itertools.pairwise(slugs) for n in range(games)]


def even(a, b, games=20):
    return [(a, b, n % 2) for n in range(games)]


def grounds(slugs=ABCD, *, entrants=None, parts=(), run_offs=(), beacon=None, **rules):
    made = Rules(**({"tie_chain": ("score",)} | FREE | rules))
    return Grounds(made, entrants or tuple(map(Entrant, slugs)), 0, parts, run_offs, beacon)


def test_who_is_clear_of_the_line_goes_without_a_step():
    made = decide(votes_of(ladder()), ABCD, grounds())
    assert (made.state, made.goes, made.stays) == ("decided", {"dun"}, {"ash", "bay", "cob"})
    assert (made.decided_by, made.steps, made.tied) == ("line", (), frozenset())
    assert made.line.pairs[0].stays == "cob"
    assert made.content()["entries"][-1]["slug"] == "dun"


def test_who_has_left_and_never_met_the_others_changes_nothing_among_them():
    gone = [Entrant("elm", competes=False, why="withdrawn"), Entrant("fir", competes=False, why="withdrawn")]
    entrants = (*map(Entrant, ABCD), *gone)
    slugs = (*ABCD, "elm", "fir")
    apart = decide(votes_of(ladder() + even("elm", "fir"), slugs), slugs, grounds(entrants=entrants))
    alone = decide(votes_of(ladder()), ABCD, grounds())
    assert (apart.goes, apart.decided_by) == ({"dun"}, "line")
    assert apart.line == alone.line


def test_a_band_wider_than_the_gap_makes_a_tie_that_the_score_parts():
    made = decide(votes_of(ladder()), ABCD, grounds(tie_band=Decimal(300)))
    assert (made.tied, made.goes, made.decided_by) == ({"cob", "dun"}, {"dun"}, "score")
    assert made.digest() == hashlib.sha256(made.canonical().encode()).hexdigest()


def test_too_few_voters_make_a_tie_of_those_pairs_alone():
    games = ladder() + [(a, "dun", 0) for a in ("ash", "bay") for _ in range(60)]
    few = decide(votes_of(games), ABCD, grounds(fewest_voters=40))
    voters = {pair.stays: pair.voters for pair in few.line.pairs}
    assert voters["cob"] < 40 <= min(voters["ash"], voters["bay"])
    assert few.tied == {"cob", "dun"}


def test_no_removal_turns_a_pair_that_one_of_has_every_point():
    games = [("ash", "bay", 0)] * 30 + even("ash", "bay", 2) + even("bay", "cob", 6)
    made = decide(votes_of(games, ABCD[:3]), ABCD[:3], grounds(ABCD[:3], fewest_voters=29, cut_size=2))
    assert made.state == "decided"


def test_whom_only_the_prior_holds_is_clear_of_nobody():
    made = decide(votes_of([("ash", "bay", 0)] * 50, ABCD[:2]), ABCD[:2], grounds(ABCD[:2]))
    assert made.line.pairs[0].needs is None
    assert made.decided_by == "score"


def test_a_cut_of_nobody_takes_nobody():
    assert decide(votes_of([]), ABCD, grounds(cut_size=0)).stays == set(ABCD)


@pytest.mark.parametrize(
    ("games", "rules", "what"),
    [
        (ladder(), {"cut_size": 4}, "few_left"),
        (even("ash", "bay") + even("cob", "dun"), {}, "groups"),
        (ladder(), {"minimum_votes": 41}, "few_votes"),
        ([], {}, "groups"),
        (even("ash", "bay") * 4 + even("bay", "cob") + even("cob", "dun"), {"tie_chain": ()}, "still_tied"),
    ],
)
def test_what_decides_nothing_says_why(games, rules, what):
    made = decide(votes_of(games), ABCD, grounds(**rules))
    assert (made.state, made.goes) == ("undecided", frozenset())
    assert made.troubles[0].what == what


def test_who_does_not_compete_is_no_part_of_the_cut():
    entrants = (*map(Entrant, ABCD[:3]), Entrant("dun", competes=False, why="reference"))
    made = decide(votes_of(ladder()), ABCD, grounds(entrants=entrants))
    assert made.goes == {"cob"}


def test_whom_a_ruling_keeps_stays_and_nobody_goes_instead():
    entrants = (*map(Entrant, ABCD[:3]), Entrant("dun", kept=True))
    made = decide(votes_of(ladder()), ABCD, grounds(entrants=entrants))
    assert (made.goes, made.kept, made.stays) == (frozenset(), {"dun"}, set(ABCD))


TIED = even("ash", "bay") + even("bay", "cob") + even("cob", "dun") + even("dun", "ash")


def test_the_share_of_decisive_votes_between_the_tied_parts_them_and_run_offs_count():
    chain = ("head_to_head",)
    assert decide(votes_of(TIED), ABCD, grounds(tie_chain=chain)).state == "undecided"
    run_off = RunOff("1-run-off", ABCD, (), (), (("cob", "dun", 1), ("stranger", "dun", 9)))
    made = decide(votes_of(TIED), ABCD, grounds(tie_chain=chain, run_offs=(run_off,)))
    assert (made.goes, made.steps[0].figures["dun"]) == ({"dun"}, {"won": 20, "lost": 21})


def test_without_decisive_votes_a_step_says_nothing():
    games = [(a, b, 2) for a, b in itertools.pairwise(ABCD) for _ in range(20)]
    made = decide(votes_of(games), ABCD, grounds(tie_chain=("head_to_head", "score")))
    assert [step.rest.open for step in made.steps] == [True, True]


def test_a_run_off_is_asked_for_then_answers_and_another_tie_asks_again():
    asked = decide(votes_of(TIED), ABCD, grounds(tie_chain=("run_off",)))
    assert (asked.state, asked.open, asked.places) == ("run_off", set(ABCD), 3)
    found = RunOff("1-run-off", ABCD, ("ash", "bay", "cob"), ("dun",))
    made = decide(votes_of(TIED), ABCD, grounds(tie_chain=("run_off",), run_offs=(found,)))
    assert (made.goes, made.decided_by, made.steps[0].source) == ({"dun"}, "run_off", "1-run-off")
    of_others = RunOff("1-run-off", ("ash", "bay"), ("ash",), ("bay",))
    assert decide(votes_of(TIED), ABCD, grounds(tie_chain=("run_off",), run_offs=(of_others,))).state == "run_off"


def test_the_earlier_submission_stays_if_all_are_known():
    times = [f"2026-01-0{n}T00:00:00.000000Z" for n in (4, 3, 2, 1)]
    entrants = tuple(Entrant(slug, submitted_at=at) for slug, at in zip(ABCD, times, strict=True))
    chain = {"tie_chain": ("earlier_submission",)}
    assert decide(votes_of(TIED), ABCD, grounds(entrants=entrants, **chain)).goes == {"ash"}
    assert decide(votes_of(TIED), ABCD, grounds(**chain)).state == "undecided"


def test_a_beacon_is_waited_for_and_can_be_redone_by_hand():
    asked = decide(votes_of(TIED), ABCD, grounds(tie_chain=("beacon",)))
    assert (asked.state, asked.open) == ("beacon", set(ABCD))
    beacon = Beacon("drand", 7, ABCD, "c0ffee")
    made = decide(votes_of(TIED), ABCD, grounds(tie_chain=("beacon",), beacon=beacon))
    lowest = min(ABCD, key=lambda slug: hashlib.sha256(f"c0ffee{slug}".encode()).hexdigest())
    assert made.goes == {lowest}
    # It answers for all for whom it was named, and for nobody else.
    for among, state in ((("elm", *ABCD), "decided"), (ABCD[:3], "beacon")):
        beacon = Beacon("drand", 7, among, "c0ffee")
        assert decide(votes_of(TIED), ABCD, grounds(tie_chain=("beacon",), beacon=beacon)).state == state


def composite(scores, *, covariance=None, arena=False, chain=("score",), **rules):
    parts = [
        Part("panel", Decimal(60), "points", scores={s: Fraction(n) for s, n in scores.items()}, covariance=covariance)
    ]
    parts += [Part("share", Decimal(40), "share", Decimal(10), scores=dict.fromkeys(ABCD, Fraction(1, 3)))]
    parts += [Part("arena", Decimal(25), "min-max")] if arena else []
    return grounds(parts=tuple(parts), score="composite", tie_chain=chain, **rules)


def test_exact_totals_decide_where_the_rules_weigh_components():
    scores = dict(zip(ABCD, (40, 30, 20, 10), strict=True))
    made = decide(votes_of([]), (), composite(scores))
    assert (made.goes, made.decided_by, made.line.locked) == ({"dun"}, "line", None)
    blurred = decide(votes_of([]), (), composite(scores, covariance=tuple(map(tuple, (np.eye(4) * 100).tolist()))))
    assert (blurred.tied >= {"cob", "dun"}, blurred.decided_by) == (True, "score")
    voted = decide(votes_of(ladder()), ABCD, composite(scores, arena=True))
    assert voted.goes == {"dun"}


def test_equal_totals_are_parted_by_the_named_component():
    scores = dict(zip(ABCD, (40, 30, 10, 10), strict=True))
    chain = {"chain": ("component", "score")}
    made = decide(votes_of([]), (), composite(scores, tie_component="panel", **chain))
    assert [step.step for step in made.steps] == ["component", "score"]
    assert made.state == "undecided"
    assert decide(votes_of([]), (), composite(scores, tie_component="nothing", **chain)).steps[0].figures == {}


def test_a_missing_score_is_named():
    made = decide(votes_of([]), (), composite({"ash": 1}))
    assert [(one.what, one.who) for one in made.troubles] == [("scores_missing", (("panel",), ("bay", "cob", "dun")))]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Rules(tie_chain=("coin",)), "is no step"),
        (lambda: Rules(tie_chain=("score", "score")), "stands twice"),
        (lambda: Rules(score="luck"), "none of arena"),
        (lambda: grounds(("ash", "ash")), "twice"),
        (lambda: grounds(score="composite"), "a composite needs some"),
        (lambda: grounds(parts=(Part("a", Decimal(1), "points"),) * 2, score="composite"), "two have one name"),
        (lambda: RunOff("k", ("ash",), ("ash",), ("ash",)), "decided of somebody twice"),
        (
            lambda: Part("a", Decimal(1), "points", scores={"ash": Fraction(1)}, covariance=((1.0, 2.0),)),
            "as many rows",
        ),
    ],
)
def test_grounds_that_contradict_themselves_are_refused(make, words):
    with pytest.raises(BadGrounds, match=words):
        make()


def test_votes_that_do_not_fit_are_refused():
    with pytest.raises(BadGrounds, match="does not stand in it"):
        decide(votes_of(ladder()), ABCD, grounds(ABCD[:2]))
    weighed = Ballots.from_arrays([0], [1], [0], players=4, voter=[0], weight=[0.5])
    with pytest.raises(BadCounts, match="once or not at all"):
        decide(weighed, ABCD, grounds())
    whole = Ballots.from_arrays([0, 1], [1, 0], [0, 0], players=4, voter=[0, 1], weight=[1, 0])
    assert decide(whole, ABCD, grounds()).votes == 1


FULL = grounds(
    entrants=(
        Entrant("ash", submitted_at="2026-01-15T00:00:00.000000Z"),
        Entrant("bay", competes=False, why="withdrawn"),
    ),
    parts=(Part("panel", Decimal("33.5"), "share", Decimal(10), 1, {"ash": Fraction(1, 3)}, ((0.25,),)),),
    run_offs=(RunOff("1-run-off", ("ash", "bay"), ("ash",), ("bay",), (("ash", "bay", 3),)),),
    beacon=Beacon("drand", 5, ("ash",), "00ff"),
    score="composite",
)


def test_grounds_read_back_as_themselves():
    assert Grounds.read(FULL.canonical()) == FULL
    assert Grounds.read(grounds().canonical()) == grounds()


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ((), "no JSON", "no JSON"),
        ((), '{"a": 1, "a": 2}', "stands twice"),
        ((), "[]", "all of it: an object"),
        (("format",), 2, "only 1"),
        (("rules", "cut_size"), -1, "rules.cut_size: a whole number"),
        (("rules", "tie_band"), 12, "rules.tie_band: a decimal"),
        (("rules", "score"), 1, "rules.score: a text"),
        (("rules", "luck"), 1, "rules.luck: it is unknown"),
        (("field",), {}, "field: a list"),
        (("field", 0, "competes"), 1, "field.0.competes: true or false"),
        (("field", 0, "submitted_at"), "today", "a time like"),
        (("components", 0, "normalisation"), "luck", "is no normalisation"),
        (("components", 0, "scores"), [], "scores: an object"),
        (("components", 0, "scores", "ash"), "a third", "a fraction"),
        (("components", 0, "covariance", 0, 0), "x", "a number"),
    ],
)
def test_grounds_that_cannot_be_read_are_refused_by_their_place(place, value, words):
    content = json.loads(FULL.canonical())
    at = content
    for key in place[:-1]:
        at = at[key]
    if place:
        at[place[-1]] = value
    with pytest.raises(BadGrounds, match=words):
        Grounds.read(json.dumps(content) if place else value)


def folder(tmp_path, games=None, **rules):
    made = grounds(**rules)
    games = ladder() if games is None else games
    lines = [
        json.dumps({"a": a, "b": b, "winner": ("a", "b", "tie")[outcome], "voter": f"v{n}", "weight": 1})
        for n, (a, b, outcome) in enumerate(games)
    ]
    (tmp_path / "ballots.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "grounds.json").write_text(made.canonical())
    (tmp_path / "decision.json").write_text(decide(votes_of(games), ABCD, made).canonical())
    return tmp_path


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "decided by: line"),
        ({"tie_band": Decimal(300)}, "tied at the line: cob, dun"),
        ({"tie_chain": ("run_off",), "tie_band": Decimal(300)}, "not decided: run_off"),
        ({"entrants": (*map(Entrant, ABCD[:3]), Entrant("dun", kept=True))}, "kept by a ruling: dun"),
        (
            {"entrants": (*map(Entrant, ABCD[:3]), Entrant("dun", competes=False, why="reinstated"))},
            "not part of the cut: dun (reinstated)\n",
        ),
        ({"games": []}, "groups: ash | bay | cob | dun"),
        ({"games": [("ash", "bay", 0)] * 9 + even("bay", "cob") + even("cob", "dun")}, "the closest over the line"),
    ],
)
def test_a_folder_is_decided_again_in_words(tmp_path, capsys, rules, words):
    assert main(["decide", str(folder(tmp_path, **rules))]) == 0
    said = capsys.readouterr().out
    assert words in said
    assert said.endswith("DECISION REPRODUCED\n")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("grounds.json", b"{}", "grounds.json: "),
        ("grounds.json", b"\xff", "not UTF-8"),
        ("decision.json", b"[]", "decision.json: this is no decision"),
        ("ballots.jsonl.gz", b"no gzip", "broken gzip"),
    ],
)
def test_a_broken_folder_is_refused(tmp_path, capsys, name, content, words):
    (folder(tmp_path) / name).write_bytes(content)
    assert main(["decide", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


def test_another_decision_is_not_reproduced(tmp_path, capsys):
    (folder(tmp_path) / "decision.json").write_text('{"format": 1}')
    assert main(["decide", str(tmp_path)]) == 1
    assert "NOT REPRODUCED" in capsys.readouterr().out


some_games = st.lists(
    st.tuples(st.sampled_from(list(itertools.permutations(ABCD, 2))), st.integers(0, 3), st.integers(0, 9)),
    min_size=8,
    max_size=60,
)
some_rules = st.fixed_dictionaries(
    {
        "cut_size": st.integers(0, 3),
        "tie_band": st.sampled_from([Decimal(0), Decimal(60)]),
        "fewest_voters": st.sampled_from([0, 3]),
        "tie_chain": st.sampled_from([("run_off",), ("head_to_head", "score"), ("score",), ("beacon",)]),
    }
)


def drawn(games, slugs=ABCD):
    return votes_of([(*pair, outcome) for pair, outcome, _ in games], slugs, [voter for *_, voter in games])


@settings(max_examples=60, deadline=None)
@given(some_games, some_rules, st.randoms(use_true_random=False))
def test_the_order_of_ballots_and_the_numbers_of_voters_change_nothing(games, rules, random):
    made = decide(drawn(games), ABCD, grounds(**rules))
    mixed = random.sample(games, len(games))
    numbers = random.sample(range(1000), 10)
    again = drawn([(pair, outcome, numbers[voter]) for pair, outcome, voter in mixed])
    assert decide(again, ABCD, grounds(**rules)).canonical() == made.canonical()


@settings(max_examples=60, deadline=None)
@given(some_games, some_rules)
def test_as_many_go_as_the_cut_says_and_who_is_clear_of_all_stays_whatever_the_chain(games, rules):
    made = decide(drawn(games), ABCD, grounds(**rules))
    assert not made.goes & made.stays
    if made.state == "decided":
        assert len(made.goes) == rules["cut_size"]
        assert made.goes | made.stays == set(ABCD)
    if made.line:
        clear = set(ABCD) - made.tied
        assert clear <= made.goes | made.stays
        other = decide(drawn(games), ABCD, grounds(**(rules | {"tie_chain": ("score",)})))
        assert clear & made.goes == clear & other.goes


@settings(max_examples=60, deadline=None)
@given(some_games, some_rules.filter(lambda rules: not rules["fewest_voters"]), st.permutations(ABCD))
def test_renaming_the_entries_renames_the_decision(games, rules, others):
    name = dict(zip(ABCD, others, strict=True))
    renamed = [((name[a], name[b]), outcome, voter) for (a, b), outcome, voter in games]
    made, again = decide(drawn(games), ABCD, grounds(**rules)), decide(drawn(renamed), ABCD, grounds(**rules))
    for part in ("goes", "stays", "tied", "open"):
        assert {name[slug] for slug in getattr(made, part)} == getattr(again, part)
    assert (made.state, made.places) == (again.state, again.places)
