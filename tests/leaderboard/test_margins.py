"""How few voters turn a line: looked for once a minute, told with the next board."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.models import Voter
from leaderboard import margins
from leaderboard.boards import board
from leaderboard.fold import fold
from leaderboard.tasks import measure_margins
from tests.leaderboard.test_folding import cast

ORDER = ("alder", "birch", "cedar", "dogwood")


def cast_by(contest, number):
    """So many voters, each of whom says of every pair that the first in the alphabet is better, but for one in four."""
    for count in range(number):
        voter = Voter.objects.create()
        for i, first in enumerate(ORDER):
            for second in ORDER[i + 1 :]:
                cast(contest, first, second, "b" if count % 4 == 3 else "a", voter=voter)


def told(visitor):
    return visitor.http.get("/api/v1/board").json()["round"]["outlook"]["voters_to_flip"]


def test_the_next_board_tells_how_few_voters_turn_the_line_and_up_to_which_vote(visitor, contest):
    cast_by(contest, 12)
    fold(contest)
    assert told(visitor) is None
    measure_margins()
    assert told(visitor) is None, "an edition stays as it was published"
    cast(contest, "alder", "birch", "a")
    fold(contest)
    # Nine voters put Dogwood last and three put it first: it takes six of the nine, and one more, to turn that.
    assert told(visitor) == {"voters": 7, "position": 72}
    page = visitor.http.get("/board", headers={"accept-language": "en"}).text
    assert "So it would without 7 voters (looked for up to vote 72)." in page


def test_without_a_line_nobody_is_looked_for(visitor, contest):
    cast(contest, "alder", "birch", "a")
    fold(contest)
    measure_margins()
    cast_by(contest, 4)
    fold(contest)
    assert told(visitor) is None


def test_who_looks_again_reads_only_the_new_ballots_and_finds_what_another_process_finds(contest):
    cast_by(contest, 8)
    fold(contest)
    measure_margins()
    cast_by(contest, 4)
    fold(contest)
    assert board()["round"]["outlook"]["voters_to_flip"]["position"] == 48
    assert margins._counted[contest.pk, False].position == 48
    measure_margins()
    here = margins.Margin.objects.get().voters
    margins.Margin.objects.update(position=0)
    margins._counted.clear()
    measure_margins()
    assert margins.Margin.objects.get().voters == here == 7


def test_a_board_that_nobody_added_to_is_not_looked_at_again(contest):
    cast_by(contest, 8)
    fold(contest)
    measure_margins()
    with CaptureQueriesContext(connection) as seen:
        measure_margins()
    assert not [query for query in seen.captured_queries if "arena_vote" in query["sql"]]
