"""What if: votes that have not been cast make the board that they would have made."""

from types import SimpleNamespace

import pytest

from arena.refusals import BadWhatIf, NoMoreVotes, NotAmongThem
from leaderboard.boards import board
from leaderboard.fold import fold
from leaderboard.models import Actor, RoundState
from leaderboard.states import move
from leaderboard.what_if import WhatIf, outlook_of, telling, wanted
from tests.leaderboard.test_folding import cast, cast_ladder

WHY = {"by": Actor.COMMAND, "reason": "As agreed.", "reason_ko": "정한 대로입니다."}
SHOWN = ("rank", "rank_low", "rank_high", "rating", "low", "high", "p_cut")


def row_of(slug):
    return next(row for row in board()["standings"] if row["slug"] == slug)


def test_supposed_votes_foretell_the_board_that_they_make(contest):
    cast_ladder(contest)
    fold(contest)
    outlook = outlook_of(contest, "cedar")
    now, then = outlook.after("cedar", []), outlook.after("cedar", [WhatIf(40, 75, "dogwood")])
    before = row_of("cedar")
    assert {name: getattr(now, name) for name in SHOWN} == pytest.approx({name: before[name] for name in SHOWN})
    for n in range(40):
        cast(contest, "cedar", "dogwood", "b" if n % 4 == 0 else "a")
    fold(contest)
    after = row_of("cedar")
    assert {name: getattr(then, name) for name in SHOWN} == pytest.approx({name: after[name] for name in SHOWN})
    assert then.gap == pytest.approx(after["rating"] - board()["round"]["line"])
    assert then.p_cut < now.p_cut


def test_votes_tell_most_against_who_stands_beside_one(contest):
    cast_ladder(contest)
    fold(contest)
    found = telling(outlook_of(contest, "cedar"), "cedar")
    assert found[0].slug == "dogwood"
    assert {one.slug for one in found} == {"alder", "birch", "dogwood"}
    assert found[0].won < 0 < found[0].lost
    swings = [one.lost - one.won for one in found]
    assert swings == sorted(swings, reverse=True)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"votes": "0"}, "from 1 to 100,000"),
        ({"votes": "100001"}, "from 1 to 100,000"),
        ({"votes": "-5"}, "from 1 to 100,000"),
        ({"votes": "٣"}, "from 1 to 100,000"),
        ({"votes": "1e3"}, "from 1 to 100,000"),
        ({"percent": "101"}, "from 0 to 100"),
        ({"percent": "nan"}, "from 0 to 100"),
        ({"percent": ""}, "from 0 to 100"),
        ({"against": "cedar"}, "can still meet"),
        ({"against": "nobody\0"}, "can still meet"),
    ],
)
def test_nonsense_is_not_supposed(contest_in_memory, typed, words):
    usual = {"votes": "200", "percent": "55.5", "against": "alder"}
    assert wanted(contest_in_memory, "cedar", **usual) == WhatIf(200, 55.5, "alder")
    with pytest.raises(BadWhatIf) as why:
        wanted(contest_in_memory, "cedar", **(usual | typed))
    assert words in str(why.value.message)


@pytest.fixture
def contest_in_memory():
    """An outlook of which only the opponents are looked at."""
    return SimpleNamespace(opponents=["alder", "birch", "cedar"])


def test_nothing_is_supposed_of_who_is_not_in_it_nor_after_the_last_vote(contest):
    cast_ladder(contest)
    fold(contest)
    with pytest.raises(NotAmongThem):
        outlook_of(contest, "elm")
    move(contest, RoundState.CLOSED, **WHY)
    contest.refresh_from_db()
    with pytest.raises(NoMoreVotes):
        outlook_of(contest, "cedar")
