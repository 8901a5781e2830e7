"""The pages of a board's categories: without a script, in both languages, with no more claimed than the votes hold."""

import json
import random

import pytest

from leaderboard.fold import fold
from leaderboard.tasks import control_styles
from tests.leaderboard.test_categories import LONG, QUESTIONS, SLUGS, cast_on, say
from tests.leaderboard.test_folding import cast


def page(visitor, path, language="en"):
    answer = visitor.http.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, path
    return answer.text


@pytest.fixture
def voted(contest):
    """Code is ranked the other way round than all questions; two votes are on a French one."""
    cast_on(contest, QUESTIONS["ko"], 5)
    cast_on(contest, QUESTIONS["code"], 4, reverse=True)
    rng = random.Random(5)
    for _ in range(40):
        first, second = rng.sample(SLUGS, 2)
        looks = [LONG * rng.randrange(1, 4) + rng.choice(["", " **So!**", "\n- three"]) for _ in "ab"]
        say(cast(contest, first, second, "a" if len(looks[0]) > len(looks[1]) else "b"), QUESTIONS["ko"], *looks)
    for winner in "ab":
        say(cast(contest, "alder", "birch", winner), QUESTIONS["other"])
    fold(contest)
    control_styles()
    fold(contest, anyway=True)
    return contest


def test_a_board_offers_its_categories_and_each_says_what_it_is(visitor, voted):
    board = page(visitor, "/board")
    assert 'href="?series=round-1&amp;category=code"' in board
    assert 'aria-current="page">All questions' in board
    code = page(visitor, "/board?category=code")
    assert 'aria-current="page">Code' in code
    assert "Only the board of all questions decides who goes out." in code
    rows = [code.index(f'data-row="{slug}"') for slug in SLUGS]
    assert rows == sorted(rows, reverse=True)
    assert "24 counted votes" in code
    korean = page(visitor, "/board?category=code&series=round-1", "ko")
    assert "탈락은 모든 질문의 순위표로만 정합니다." in korean
    assert "<h1>코드</h1>" in korean


def test_a_category_with_few_votes_says_so_and_ranks_nobody(visitor, voted):
    few = page(visitor, "/board?category=other")
    assert "There are too few such votes yet to rank anybody: it takes 4." in few
    assert "data-table hidden" in few
    assert not [slug for slug in SLUGS if f'data-row="{slug}"' in few]


def test_the_board_without_style_stands_beside_the_one_with_it(visitor, voted):
    style = page(visitor, "/board?category=style")
    told = visitor.http.get("/api/v1/board?category=style").json()
    for row in told["standings"]:
        assert f">{row['rating']:.0f}</span>" in style
        assert f">{row['raw_rating']:.0f}</span>" in style
    assert "up to vote 96" in style
    assert "src/category" not in style, "it does not move, so nothing watches it"
    assert "What style is worth" in style


def test_what_is_no_category_is_not_found(visitor, voted):
    for path in ("/board?category=poetry", "/board?category=", "/board?category=ko&series=nowhere"):
        assert visitor.http.get(path).status_code == 404


def test_an_entrys_page_tells_its_standing_in_each_category(visitor, voted):
    entry = page(visitor, "/entries/dogwood")
    rows = entry[entry.index("By the kind of question") :].split("</table>")[0].split("<tr>")[2:]
    named = {row.split("</a>")[0].rpartition(">")[2]: row for row in rows}
    assert [*named] == ["Korean", "English", "Code", "Without style"]
    assert "<td>1</td>" in named["Code"]
    assert "<td>4</td>" in named["Korean"]


def test_the_socket_does_not_carry_categories(visitor, voted):
    with visitor.socket("/ws/board?series=round-1") as socket:
        told = json.loads(socket.recv())
    assert not {"category", "categories"} & {*told}
