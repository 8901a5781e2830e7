"""Rulebooks: written once, named by their digest, amended for a reason that everybody can read."""

import hashlib
import json
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone, translation

from arena.models import Battle, Terms
from leaderboard.amending import CannotAmend, amend_round
from leaderboard.boards import board
from leaderboard.fold import fold
from leaderboard.models import Round, RulebookVersion
from leaderboard.rounds import close_round, open_following_round
from leaderboard.rulebook import BadRulebook, Rulebook, changed, digest_of, in_force, read_rulebook, rulebook_bytes
from tests.conftest import make_contest
from tests.leaderboard.test_closing import decide
from tests.leaderboard.test_folding import cast
from tests.leaderboard.test_opening import enter

ADDRESS = "/api/v1/rounds/1/rulebook"


def amend(reason="Answers were cut off.", **options):
    call_command("amend_round", reason=reason, **options)


def served(address=ADDRESS, status=200, **headers):
    answer = Client().get(address, headers={"Accept-Language": "en", **headers})
    assert answer.status_code == status, answer.content
    return answer


def statuses():
    return {row["slug"]: row["status"] for row in board()["standings"]}


def test_the_published_rulebook_is_what_its_digest_was_made_of(contest):
    answer = served()
    digest = hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["ETag"] == f'"{digest}"'
    assert answer.content == rulebook_bytes(contest)
    assert digest == contest.rulebooks.get().digest
    rules = json.loads(answer.content)
    assert (rules["minimum_votes"], rules["pace"], rules["temperature"]) == (2, 0, "0.7")
    assert answer.headers["Content-Type"] == "application/json"
    assert served(status=304, **{"If-None-Match": f'"{digest}"'}).content == b""


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/v1/rounds/9/rulebook", 404, "no_such_round"),
        (f"/api/v1/rounds/{10**30}/rulebook", 404, "no_such_round"),
        ("/api/v1/rounds/-1/rulebook", 404, "no_such_round"),
        ("/api/v1/rounds/one/rulebook", 404, "no_such_round"),
        (f"{ADDRESS}?version=2", 404, "no_such_version"),
        (f"{ADDRESS}?version={10**30}", 404, "no_such_version"),
        (f"{ADDRESS}?version=", 400, "bad_request"),
    ],
)
def test_a_rulebook_that_is_not_there_is_refused(contest, address, status, code):
    assert served(address, status).json()["code"] == code


def test_the_description_of_the_api_knows_every_rule(contest):
    schemas = served("/api/v1/openapi.json").json()["components"]["schemas"]
    assert set(schemas["Rulebook"]["properties"]) == set(served().json())


def test_an_amendment_is_a_new_version_with_its_reason(contest, capsys):
    first = served().content
    amend(max_tokens=2048, temperature="0.30")
    second = served().content
    assert served(f"{ADDRESS}?version=1").content == first
    assert json.loads(first) | {"max_tokens": 2048, "temperature": "0.3"} == json.loads(second)
    versions = [(one.version, one.reason, one.digest) for one in contest.rulebooks.order_by("version")]
    digest = hashlib.sha256(second).hexdigest()
    assert versions[1:] == [(2, "Answers were cut off.", digest)]
    assert digest in capsys.readouterr().out


def test_a_battle_keeps_the_terms_it_began_under(visitor, contest):
    early = visitor.start()
    amend(voter_cap=2, max_turns=1)
    late = visitor.start()
    terms = {str(battle.id): battle.terms for battle in Battle.objects.select_related("terms")}
    assert [(terms[duel.id].version, terms[duel.id].max_turns) for duel in (early, late)] == [(1, 6), (2, 1)]
    assert visitor.http.get("/visitor").json()["cap"] == 2
    early.ask("hi")
    late.ask("hi")
    assert (early.state()["turns_left"], late.state()["turns_left"]) == (5, 0)


def test_an_amended_round_draws_the_same_entries(contest):
    drawn = set(Terms.objects.get().drawables.values_list("entry__slug", "weight"))
    amend(pace=10)
    assert set(Terms.objects.get(version=2).drawables.values_list("entry__slug", "weight")) == drawn
    assert len(drawn) == 4


def test_the_board_is_judged_by_the_new_rules_at_once(contest):
    decide(contest)
    fold(contest)
    before = board()
    assert before["round"]["cut_size"] == 1
    assert set(statuses().values()) - {"provisional"}
    amend(cut=2, minimum_votes=1000)
    after = board()
    assert after["number"] == before["number"] + 1
    assert (after["round"]["cut_size"], after["parameters"]["below"], after["votes"]) == (2, 2, before["votes"])
    assert after["round"]["line"] > before["round"]["line"]
    assert set(statuses().values()) == {"provisional"}


def test_a_cut_follows_the_rulebook_in_force(contest):
    decide(contest)
    amend(cut=2)
    # It was fetched before the amendment, as a worker may have done.
    cut = close_round(contest)
    assert [entry.slug for entry in cut.eliminated] == ["cedar", "dogwood"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reason": " ", "cut": 2}, "needs a reason"),
        ({"reason": "two\nlines", "cut": 2}, "one line"),
        ({"reason": "x" * 301, "cut": 2}, "at most 300"),
        ({"reason_ko": "두\n줄", "cut": 2}, "one line"),
        ({}, "nothing would change"),
        ({"temperature": "0.70"}, "nothing would change"),
        ({"cut": 4}, "a cut of 4 does not fit 4 entries"),
        ({"cut": 0}, "a cut of 0 does not fit"),
        ({"cut": -1}, "cut_size: "),
        ({"temperature": "2.1"}, "temperature: "),
        ({"temperature": "warm"}, "temperature: "),
        ({"voter_cap": 0}, "voter_cap: "),
        ({"system_prompt": "\0"}, "system_prompt: "),
    ],
)
def test_an_amendment_that_cannot_be_is_refused(contest, options, words):
    with pytest.raises(CommandError, match=words):
        amend(**options)
    assert contest.rulebooks.count() == contest.gate.terms.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"tie_band": "0"},
        {"fewest_voters": 1},
        {"tie_chain": ["beacon"]},
    ],
)
def test_what_votes_are_worth_and_who_wins_a_tie_is_fixed_when_the_round_opens(contest, tmp_path, change):
    rules = json.loads(rulebook_bytes(contest))
    file = tmp_path / "rulebook.json"
    file.write_text(json.dumps(rules | change))
    with pytest.raises(CommandError, match=f"{next(iter(change))} may not change once the round is open"):
        amend(rulebook=file)


def test_rules_are_not_changed_after_the_votes_are_in(contest):
    Round.objects.update(opens_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(CommandError, match="its votes are all in"):
        amend(cut=2)
    decide(contest)
    close_round(contest)
    with pytest.raises(CommandError, match="No round is open"):
        amend(cut=2)
    with translation.override("ko"), pytest.raises(CannotAmend, match="투표가 끝난 뒤에는"):
        amend_round(contest, {"cut_size": 2}, reason="Too late.")


def test_two_organizers_at_once_make_one_amendment(contest):
    said = []

    def work():
        try:
            with translation.override("en"):
                said.append(amend_round(contest, {"cut_size": 2}, reason="Two leave.").version)
        except CannotAmend as why:
            said.append(str(why))
        connection.close()

    organizers = [threading.Thread(target=work) for _ in range(2)]
    for organizer in organizers:
        organizer.start()
    for organizer in organizers:
        organizer.join()
    assert sorted(said, key=str) == [2, "nothing would change"]


@pytest.mark.parametrize("change", [{"content": "{}"}, {"digest": "0" * 64}, {"reason": "other"}, {"version": 9}])
def test_the_database_refuses_to_change_a_version(contest, change):
    amend(cut=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        RulebookVersion.objects.filter(version=2).update(**change)
    one = RulebookVersion.objects.get(version=2)
    for name, value in change.items():
        setattr(one, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        one.save()


def test_only_the_first_version_goes_without_a_reason(contest):
    first = contest.rulebooks.get()
    terms = Terms.objects.create(gate=contest.gate, version=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        RulebookVersion.objects.create(
            round=contest, version=2, content=first.content, digest=first.digest, terms=terms
        )


def test_a_round_opens_by_a_file_and_by_what_is_said_beside_it(transactional_db, worker, tmp_path):
    for slug in ("alder", "birch", "cedar"):
        enter(slug, worker)
    file = tmp_path / "rulebook.json"
    file.write_text('{"cut_size": 2, "system_prompt": "정중하게 답하세요.", "temperature": 0.50, "reveal": "close"}')
    call_command("open_round", "alder", "birch", "cedar", ends="2099-12-31T18:00", rulebook=file, temperature="0.2")
    rules = in_force(Round.objects.get())
    assert (rules.cut_size, str(rules.temperature), rules.minimum_votes) == (2, "0.2", 30)
    terms = Terms.objects.get()
    assert (terms.system_prompt, terms.reveal, str(terms.temperature)) == ("정중하게 답하세요.", "close", "0.20")
    assert Round.objects.get().cut_size == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"cut": 1}', "there is no rule cut"),
        ('{"pairing": {"luck": 1}}', "there is no rule pairing.luck"),
        ('{"cut_size": "1"}', "cut_size: "),
        ('{"cut_size": true}', "cut_size: "),
        ('{"cut_size": 1, "cut_size": 2}', "a key stands twice"),
        ('{"temperature": 0.123}', "temperature: "),
        ('{"temperature": NaN}', "temperature: "),
        ('{"top_p": 0}', "top_p: "),
        ('{"tie_chain": []}', "tie_chain: "),
        ('{"tie_chain": ["coin"]}', "tie_chain.0: "),
        ('{"tie_chain": ["beacon", "beacon"]}', "tie_chain: one is named twice"),
        ('{"tie_chain": ["component"]}', "no component beside the score"),
        ('{"score": "benchmark"}', "score: "),
        ('{"references": ["no slug"]}', "references.0: "),
        ("[]", "an object"),
        ("{", "no JSON text"),
        ("[" * 100_000, "no JSON text"),
        (b"\xff\xfe{", "no JSON text"),
        ('{"system_prompt": "\\ud800"}', "JSON"),
        ('{"pairing": {"method": "by taste"}}', "pairing.method: "),
        ('{"ratings": {"prior": "1"}}', "ratings.prior: "),
    ],
)
def test_a_file_that_is_no_rulebook_of_this_site_is_refused_by_name(transactional_db, worker, tmp_path, text, words):
    enter("alder", worker)
    enter("birch", worker)
    file = tmp_path / "rulebook.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CommandError, match=words):
        call_command("open_round", "alder", "birch", ends="2099-12-31T18:00", rulebook=file)
    assert not Round.objects.exists()


def test_a_file_that_is_not_there_is_said_so(transactional_db, contest, tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        amend(rulebook=tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    "spelling",
    [
        "{}",
        '{"temperature": 0.70, "cut_size": 1}',
        '{"cut_size": 1, "temperature": "0.7"}',
        '{"temperature": "0.70", "tie_band": "12.000"}',
        '{"tie_band": "1.2e1", "pairing": {"cap": 3.00}}',
    ],
)
def test_one_rulebook_has_one_digest_however_it_is_spelt(spelling):
    assert digest_of(read_rulebook(spelling).canonical()) == digest_of(Rulebook().canonical())


def test_a_canonical_rulebook_reads_back_as_itself():
    rules = read_rulebook('{"system_prompt": "가\\u0301 \\"q\\"\\n\\u2028", "tie_band": "0.5", "references": ["elm"]}')
    assert read_rulebook(rules.canonical()) == rules
    assert read_rulebook(rules.canonical()).canonical() == rules.canonical()


def test_unknown_rules_are_refused_when_a_round_is_opened_too(transactional_db, worker):
    with pytest.raises(BadRulebook, match="there is no rule luck"):
        make_contest(worker, 3, luck=1)


def test_the_next_round_has_the_same_rules(contest):
    decide(contest)
    amend(temperature="0.1", appeal_days=3)
    close_round(contest)
    following = open_following_round(contest)
    assert rulebook_bytes(following) == rulebook_bytes(contest)
    assert [(one.version, one.reason) for one in following.rulebooks.all()] == [(1, "")]


def test_rounds_of_before_rulebooks_are_given_theirs(contest):
    cast(contest, "alder", "birch", "a")
    # Their pairs were drawn uniformly, and go on so until somebody amends it.
    usual = {"pairing": {"method": "uniform"}, "tie_chain": list(Rulebook().tie_chain)}
    as_opened = changed(in_force(contest), usual)
    loader = MigrationExecutor(connection).loader
    (ours,) = [step for step in loader.disk_migrations.values() if step.name.endswith("_rulebooks")]
    before = [step for step in ours.dependencies if step[0] == "leaderboard"]
    newest = [step for step in loader.graph.leaf_nodes() if step[0] == "leaderboard"]
    MigrationExecutor(connection).migrate(before)
    MigrationExecutor(connection).migrate(newest)
    # In the spelling of then: rules that came later are as usual.
    assert in_force(contest) == as_opened
    assert [(one.version, one.terms.version) for one in contest.rulebooks.all()] == [(1, 1)]
    amend(cut=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        RulebookVersion.objects.update(digest="")
