"""Marks of a composite score: entered whole or not at all, replaced for a reason; and what they add up to."""

import json
import threading
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from accounts.models import Action, Membership, Team, User
from leaderboard.fold import fold
from leaderboard.models import Conflict, Judge, Mark, ParticipationState, Round, RoundState
from leaderboard.participations import change_participation
from leaderboard.scoring.components import component_of, sheet_of
from leaderboard.scoring.panels import CannotMark, add_judge, declare_conflict
from leaderboard.scoring.told import told
from tests.conftest import make_contest
from tests.leaderboard.scored import JANUARY, WEIGHED, composite, with_one
from tests.leaderboard.test_closing import decide

EVIDENCE = "https://example.org/marks.pdf " + "ab" * 32
SLUGS = ("alder", "birch", "cedar", "dogwood", "elm")
# As announced for the first; the others so that the averages of all five are as announced.
ANNOUNCED = {"benchmark": ("33.6", "29.6"), "experts": ("31.6", "27.8"), "users": ("25.0", "19.7")}


@pytest.fixture
def enter(tmp_path):
    """Enters a CSV file by the command."""

    def enter(component, text, *, contest="1", **options):
        file = tmp_path / "marks.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        call_command("import_marks", contest, component, file, **{"evidence": EVIDENCE, **options})

    return enter


@pytest.fixture
def january(transactional_db, worker):
    return make_contest(worker, 5, **composite(JANUARY))


@pytest.fixture
def weighed(transactional_db, worker):
    """A round of four whose experts are four judges."""
    contest = make_contest(worker, 4, **composite())
    for n in range(1, 5):
        add_judge(contest, "experts", name=f"Judge {n}", pseudonym=f"J{n}")
    return contest


def announced(component):
    first, others = ANNOUNCED[component]
    return "entry,value\n" + "".join(f"{slug},{first if slug == 'alder' else others}\n" for slug in SLUGS)


BENCHMARK = "entry,part,test,value,items,error\n" + "".join(
    f"{slug},national,,{n}.5,,0.25\n{slug},own,,{n},,\n"
    + "".join(f"{slug},global,{test},{50 + 10 * n},100,\n" for test in ("maths", "code", "law"))
    for n, slug in enumerate(SLUGS[:4], start=1)
)
EXPERTS = "entry,judge,value\n" + "".join(
    f"{slug},J{judge},{mark}\n"
    for slug, marks in (
        ("alder", (20, 21, 22, 30)),
        ("birch", (25, 26, 27, 35)),
        ("cedar", (1, 2, 3, 11)),
        ("dogwood", (0, 0, 1, 1)),
    )
    for judge, mark in enumerate(marks, start=1)
)


def test_the_figures_of_january_2026_add_up_as_announced(january, enter):
    for component in ANNOUNCED:
        enter(component, announced(component))
    found = told(january)
    first, average = found["entries"][0], found["average"]
    assert (first["slug"], first["total"], first["printed"], first["rank"]) == ("alder", "90.2", "90.2", 1)
    points = {one["name"]: one["scores"][0]["printed"] for one in found["components"]}
    assert points == {"benchmark": "33.6", "experts": "31.60", "users": "25.00"}
    exact = {name: one["exact"] for name, one in average["components"].items()}
    assert exact == {"benchmark": "30.4", "experts": "28.56", "users": "20.76"}
    assert average["total"] == {"exact": "79.72", "printed": "79.7"}
    assert found["missing"] == []


def test_a_score_is_made_of_parts_tests_and_judges_exactly(weighed, enter):
    enter("benchmark", BENCHMARK)
    enter("experts", EXPERTS)
    sheet = sheet_of(weighed)
    assert sheet.scored["benchmark"].scores["alder"] == Fraction("1.5") + 12 + 1
    assert sheet.scored["experts"].scores["alder"] == Fraction(93, 4)
    covariance = sheet.scored["experts"].covariance
    # The judges differ in strictness alone: all are shifted alike, and who is last is as sure as can be.
    assert covariance[0, 0] == pytest.approx(covariance[0, 1])
    assert covariance[0, 0] == pytest.approx(sum((mark - 23.25) ** 2 for mark in (20, 21, 22, 30)) / 12)
    tests = sheet.scored["benchmark"].covariance
    share = 62 / 104
    assert tests[0, 0] == pytest.approx(
        0.25**2 + 3 * (20 / 300) ** 2 * share * (1 - share) / 104 * 100**2 / 100**2 * 100**2
    )
    assert tests[0, 1] == 0


def test_without_highest_and_lowest_the_others_make_the_mean(transactional_db, worker, enter):
    contest = make_contest(worker, 4, **composite(with_one(1, together="trimmed")))
    for n in range(1, 5):
        add_judge(contest, "experts", name=f"Judge {n}", pseudonym=f"J{n}")
    enter("experts", EXPERTS)
    found = sheet_of(contest).scored["experts"]
    assert found.scores["alder"] == Fraction(43, 2)
    # Winsorized: 21, 21, 22, 22 of which two are kept.
    assert found.covariance[0, 0] == pytest.approx(4 * 0.5**2 * 4 / 3 / 2**2)


def test_the_arena_is_a_component_and_its_errors_reach_the_total(weighed, enter):
    enter("benchmark", BENCHMARK)
    enter("experts", EXPERTS)
    assert {one["component"] for one in told(weighed)["missing"]} == {"arena"}
    decide(weighed)
    fold(weighed)
    arena = arena_over(weighed)
    assert (arena.name, arena.normalisation, str(arena.weight)) == ("arena", "min-max", "25")
    turned = arena_over(weighed, ("cedar", "alder", "birch"))
    assert turned.scores == (arena.scores[2], arena.scores[0], arena.scores[1])
    assert turned.covariance[0, 1] == arena.covariance[2, 0]
    found = told(weighed)
    assert all(one["error"] > 0 for one in found["entries"])
    assert sum(one["p_cut"] for one in found["entries"]) == pytest.approx(1)
    assert [one["slug"] for one in found["entries"]][-1] == "dogwood"


def arena_over(contest, slugs=None):
    sheet = sheet_of(contest, slugs)
    return component_of(contest, sheet, sheet.rules.components[2])


def test_what_is_missing_is_named(weighed, enter):
    enter("experts", "entry,judge,value\nalder,J1,20\nalder,J2,21\n")
    lacks = {(one["component"], one["slug"], one["part"], one["test"]) for one in told(weighed)["missing"]}
    assert {("benchmark", "alder", "national", ""), ("benchmark", "cedar", "global", "law")} <= lacks
    assert ("experts", "alder", "", "") in lacks
    assert {(one["slug"], one["judges"]) for one in told(weighed)["missing"] if one["component"] == "experts"} == {
        ("alder", 1),
        ("birch", 3),
        ("cedar", 3),
        ("dogwood", 3),
    }


HEADER = "entry,judge,value\n"


@pytest.mark.parametrize(
    ("component", "text", "words"),
    [
        ("experts", HEADER + "alder,J1,20\nbirch,J1,35.1\n", "row 3: 35.1 is out of range; a mark goes from 0 to 35"),
        ("experts", HEADER + "alder,J1,-1\n", "row 2: -1 is no number"),
        ("experts", HEADER + "alder,J1,NaN\n", "row 2: NaN is no number"),
        ("experts", HEADER + "alder,J1,1e1\n", "row 2: 1e1 is no number"),
        ("experts", HEADER + "alder,J1,３\n", "row 2: ３ is no number"),
        ("experts", HEADER + 'alder,J1,"31,6"\n', "row 2: 31,6 is no number"),
        ("experts", HEADER + "alder,J1,1.00001\n", "four decimal places"),
        ("experts", HEADER + "alder,J1,=1+1\n", "row 2: =1\\+1 is no number"),
        ("experts", HEADER + "alder,J1,\n", "row 2: there is no mark in it"),
        ("experts", HEADER + "alder,J9,1\n", "row 2: J9 is no judge of this panel"),
        ("experts", HEADER + "alder,,1\n", "row 2: – is no judge"),
        ("experts", HEADER + "elm,J1,1\n", "row 2: elm takes no part"),
        ("experts", HEADER + "=HYPERLINK(1),J1,1\n", "takes no part"),
        ("experts", HEADER + "alder,J1,1\nalder,Judge 1,2\n", "row 3: this mark stands twice"),
        ("experts", HEADER + "alder,J1\n", "row 2 has 2 cells, and the header 3"),
        ("experts", HEADER + "alder,J1,1,\n", "row 2 has 4 cells, and the header 3"),
        ("experts", HEADER + 'alder,J1,"1\n', "is no CSV"),
        ("experts", HEADER + 'alder,J1,"1"x\n', "is no CSV"),
        ("experts", HEADER, "no mark to enter"),
        ("experts", "", "the column entry is missing"),
        ("experts", "entry;judge;value\nalder;J1;1\n", "there is no column entry;judge;value"),
        ("experts", "entry,value,value\n", "a column stands twice"),
        ("experts", "entry,judge\nalder,J1\n", "the column value is missing"),
        ("experts", HEADER + "alder,J1,\0\n", "characters that are none"),
        ("experts", (HEADER + "alder,J1,1\n").encode("utf-16"), "the file is UTF-16"),
        ("experts", HEADER.encode() + b"alder,J\xff\xff,1\n", "neither UTF-8 nor CP949"),
        ("experts", HEADER + "alder,J1,1\n" * 100_000, "larger than 1024 KB"),
        ("experts", "entry,judge,value,error\nalder,J1,1,1\n", "tell their error themselves"),
        ("experts", "entry,part,judge,value\nalder,x,J1,1\n", "experts has no part x"),
        ("benchmark", "entry,value\nalder,1\n", "benchmark has no part –"),
        ("benchmark", "entry,part,value\nalder,regional,1\n", "benchmark has no part regional"),
        ("benchmark", "entry,part,test,value\nalder,global,art,1\n", "global has no test art"),
        ("benchmark", "entry,part,test,value\nalder,global,,1\n", "global has no test –"),
        ("benchmark", "entry,part,test,value\nalder,global,law,101\n", "from 0 to 100"),
        ("benchmark", "entry,part,value,judge\nalder,national,1,J1\n", "has no judges of its own"),
        ("benchmark", "entry,part,value,error\nalder,national,1,11\n", "11 is no standard error"),
        ("benchmark", "entry,part,value,error,items\nalder,national,1,1,9\n", "not both"),
        ("benchmark", "entry,part,value,items\nalder,national,1,0\n", "of one or more"),
        ("benchmark", "entry,part,value,items\nalder,national,1,many\n", "many is no number of questions"),
        ("arena", "entry,value\nalder,1\n", "the public's votes are the marks of arena"),
        ("luck", "entry,value\nalder,1\n", "no component luck"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_its_row_and_nothing_is_kept(weighed, enter, component, text, words):
    with pytest.raises(CommandError, match=words):
        enter(component, text)
    assert not Mark.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_files_as_spreadsheets_in_korea_write_them_are_read(weighed, enter, encoding):
    add_judge(weighed, "experts", name="김가람", pseudonym="가람")
    enter("experts", "Entry,Judge,Value\r\n\r\nalder,김가람,20\r\nbirch,가람,21\r\n,,\r\n".encode(encoding))
    assert [str(mark.value) for mark in Mark.objects.all()] == ["20.0000", "21.0000"]
    mark = Mark.objects.first()
    assert (mark.evidence, len(mark.source_digest)) == (
        [{"url": "https://example.org/marks.pdf", "digest": "ab" * 32}],
        64,
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"evidence": ""}, "an address at which everybody can see"),
        ({"evidence": "javascript:alert(1)"}, "begins with an address on the web"),
        ({"evidence": "https://example.org/a 12"}, "SHA-256"),
        ({"by": "nobody"}, "no organizer nobody"),
        ({"contest": "9"}, "no round 9"),
        ({"reason": "two\nlines"}, "one line"),
    ],
)
def test_marks_need_somebody_and_something_that_shows_them(weighed, enter, options, words):
    with pytest.raises(CommandError, match=words):
        enter("experts", EXPERTS, **options)
    assert not Mark.objects.exists()


def test_a_mark_is_replaced_for_a_reason_and_stays_on_record(weighed, enter):
    enter("experts", EXPERTS)
    one = HEADER + "alder,J1,19\n"
    with pytest.raises(CommandError, match="row 2: there is a mark already, 20; to replace it takes a reason"):
        enter("experts", one)
    with pytest.raises(CommandError, match="this very mark is there already"):
        enter("experts", HEADER + "alder,J1,20.0\n", reason="Again.")
    enter("experts", one, reason="Misread.", reason_ko="잘못 읽었습니다.")
    last = Mark.objects.last()
    assert (str(last.value), str(last.replaces.value), last.reason) == ("19.0000", "20.0000", "Misread.")
    assert sheet_of(weighed).scored["experts"].scores["alder"] == 23
    log = Action.objects.filter(action="marks.entered")
    assert [row.details["corrected"] for row in log] == [1, 0]


def test_who_no_longer_takes_part_is_not_marked(weighed, enter):
    part = weighed.participations.get(entry__slug="cedar")
    change_participation(part, ParticipationState.SUSPENDED, reason="It does not answer.")
    with pytest.raises(CommandError, match="cedar no longer takes part"):
        enter("experts", HEADER + "cedar,J1,1\n")
    assert sheet_of(weighed).slugs == ("alder", "birch", "dogwood")


@pytest.mark.parametrize("state", ["draft", "scheduled", "final", "annulled"])
def test_no_mark_comes_in_before_the_round_or_after_it(weighed, enter, state):
    Round.objects.update(state=state)
    with pytest.raises(CommandError, match="while the round is open"):
        enter("experts", EXPERTS)
    with pytest.raises(CannotMark), translation.override("en"):
        add_judge(weighed, "experts", name="Late", pseudonym="J9")


def test_after_the_result_marks_are_corrected_and_no_others_come_in(weighed, enter):
    enter("experts", HEADER + "alder,J1,20\n")
    Round.objects.update(state=RoundState.APPEAL)
    with pytest.raises(CommandError, match="no others come in"):
        enter("experts", HEADER + "alder,J2,20\n")
    enter("experts", HEADER + "alder,J1,21\n", reason="As ruled.")
    assert Mark.objects.count() == 2


def member(team, name="mole", email="mole@example.org"):
    user = User.objects.create(username=name, email=email)
    Membership.objects.create(team=Team.objects.get(slug=team), user=user)
    return user


def test_nobody_judges_a_contest_of_their_own_team(weighed, enter):
    member("team-birch")
    with translation.override("en"), pytest.raises(CannotMark, match="belongs to Team Birch, which competes"):
        add_judge(weighed, "experts", name="Mole", email="Mole@Example.org")
    assert not Judge.objects.filter(name="Mole").exists()
    # Who joins a team afterwards marks no more, and what they marked does not count.
    add_judge(weighed, "experts", name="Later", pseudonym="J5", email="later@example.org")
    enter("experts", EXPERTS + "alder,J5,0\n")
    assert sheet_of(weighed).scored["experts"].scores["alder"] == Fraction(93, 5)
    member("team-cedar", "later", "later@example.org")
    with pytest.raises(CommandError, match="J5 belongs to Team Cedar, which competes"):
        enter("experts", HEADER + "birch,J5,1\n")
    assert sheet_of(weighed).scored["experts"].scores["alder"] == Fraction(93, 4)


def test_a_judge_with_a_conflict_does_not_mark_that_model_and_the_others_do(weighed, enter):
    judge, team = Judge.objects.get(pseudonym="J4"), Team.objects.get(slug="team-alder")
    declare_conflict(judge, team, reason="A brother works there.")
    with pytest.raises(CommandError, match="J4 declared a conflict with the team of alder"):
        enter("experts", EXPERTS)
    enter("experts", EXPERTS.replace("alder,J4,30\n", ""))
    assert sheet_of(weighed).scored["experts"].scores["alder"] == 21
    with translation.override("en"):
        with pytest.raises(CannotMark, match="declared already"):
            declare_conflict(judge, team, reason="Again.")
        with pytest.raises(CannotMark, match="take that mark back first"):
            declare_conflict(judge, Team.objects.get(slug="team-birch"), reason="Another.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "one line"),
        ({"name": "x" * 81}, "one line"),
        ({"name": "two\nlines"}, "one line"),
        ({"name": "nul\0"}, "one line"),
        ({"name": "Judge 1"}, "called Judge 1 already"),
        ({"email": "nowhere"}, "no e-mail address"),
    ],
)
def test_a_judge_who_cannot_be_is_refused(weighed, change, words):
    with translation.override("en"), pytest.raises(CannotMark, match=words):
        add_judge(weighed, "experts", **{"name": "Judge 9", "pseudonym": "J9", **change})
    assert Judge.objects.count() == 4
    for component in ("benchmark", "arena", "luck"):
        with pytest.raises(CannotMark):
            add_judge(weighed, component, name="Judge 9")


def test_the_database_refuses_to_rewrite_a_mark_or_to_take_it_twice(weighed, enter):
    enter("experts", EXPERTS)
    declare_conflict(Judge.objects.get(pseudonym="J1"), Team.objects.create(slug="other", name="Other"), reason="Old.")
    for rows, change in (
        (Mark.objects, {"value": 1}),
        (Judge.objects, {"name": "Other"}),
        (Conflict.objects, {"reason": "Other"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    mark = Mark.objects.first()
    again = {"part": mark.part, "component": "experts", "judge": mark.judge, "evidence": []}
    for row in ({"value": 3}, {"value": 3, "replaces": mark}, {"value": None}, {"value": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Mark.objects.create(**again, **row)


def test_two_at_once_enter_the_same_marks_once(weighed, enter, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(EXPERTS)
    said = []

    def work():
        try:
            call_command("import_marks", "1", "experts", file, evidence=EVIDENCE, verbosity=0)
            said.append("entered")
        except CommandError as why:
            said.append(str(why))
        connection.close()

    both = [threading.Thread(target=work) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(words[:7] for words in said) == ["Nothing", "entered"]
    assert Mark.objects.count() == 16


def test_a_round_of_the_arena_has_no_components(contest):
    assert sheet_of(contest) is None
    assert json.dumps(WEIGHED)
