"""Making organizers, as whoever installs the site does."""

import contextlib
import os
import pty
import subprocess
import sys
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from accounts.models import User
from tests.conftest import ROOT
from tests.processes import own_database_url

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "wide-river-under-birches"
COMMAND = [sys.executable, "manage.py", "create_organizer"]


@pytest.fixture
def environment(tmp_path):
    return {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DATABASE_URL": own_database_url()}


@pytest.fixture
def create(tmp_path, capsys):
    """Runs the command with a password in a file; what it said, or why it refused."""

    def run(*arguments: str, password: str = GOOD) -> str:
        (tmp_path / "password").write_text(f"{password}\r\n")
        try:
            call_command("create_organizer", *arguments, "--password-file", str(tmp_path / "password"))
        except CommandError as refused:
            return str(refused)
        return capsys.readouterr().out

    return run


def on_a_terminal(environment, *arguments: str, typed: dict[str, str]) -> tuple[int, str]:
    """Its exit status and what stood on the screen, for somebody who types after each prompt."""
    child, screen = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [*COMMAND, *arguments], environment)  # noqa: S606
    said = b""
    for prompt, line in typed.items():
        while prompt.encode() not in said:
            said += os.read(screen, 1000)
        os.write(screen, line.encode() + b"\n")
    with contextlib.suppress(OSError):  # how Linux says that the other end has closed
        while more := os.read(screen, 1000):
            said += more
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


def test_an_organizer_is_staff_and_no_superuser(create):
    assert create("ada", "--email", "ada@example.org").startswith("ada is an organizer.")
    ada = User.objects.get()
    assert (ada.username, ada.email, ada.is_staff, ada.is_superuser) == ("ada", "ada@example.org", True, False)
    assert ada.check_password(GOOD)


def test_a_password_is_typed_twice_and_not_shown(environment):
    status, screen = on_a_terminal(
        environment, "ada", "--email", "ada@example.org", typed={"for ada: ": GOOD, "Again: ": GOOD}
    )
    assert status == 0, screen
    assert "ada is an organizer." in screen
    assert GOOD not in screen
    assert User.objects.get().check_password(GOOD)


def test_two_passwords_that_differ_make_no_account(environment):
    status, screen = on_a_terminal(
        environment, "ada", "--email", "ada@example.org", typed={"for ada: ": GOOD, "Again: ": GOOD + "!"}
    )
    assert status == 1
    assert "the two are not the same" in screen
    assert not User.objects.exists()


def test_standard_input_may_hold_the_password(environment):
    command = [*COMMAND, "ada", "--email", "ada@example.org"]
    run = partial(subprocess.run, cwd=ROOT, env=environment, input=f"{GOOD}\n", capture_output=True, text=True)
    unasked = run(command, check=False)
    assert (unasked.returncode, "see --password-file" in unasked.stderr) == (1, True)
    run([*command, "--password-file", "-"], check=True)
    assert User.objects.get().check_password(GOOD)


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("", GOOD, "needs an e-mail address"),
        ("ada", GOOD, "valid email address"),
        ("ada@example.org", "short", "too short. It must contain at least 12 characters"),
        ("ada@example.org", "1234567890123", "entirely numeric"),
        ("ada@example.org", "administrator", "too common"),
        ("ada.lovelace@example.org", "ada.lovelace1", "too similar to the email address"),
    ],
)
def test_what_makes_no_safe_account_is_refused(create, email, password, words):
    assert words in create("ada", "--email", email, password=password)
    assert not User.objects.exists()


def test_a_name_or_an_address_that_is_taken_is_refused(create):
    create("ada", "--email", "ada@example.org")
    assert "there is an account Ada already; --change-password" in create("Ada", "--email", "b@example.org")
    assert "with the address Ada@Example.org already" in create("bea", "--email", "Ada@Example.org")
    assert User.objects.count() == 1
    with pytest.raises(IntegrityError):
        User.objects.create_user("cleo", "ADA@example.org")


def test_a_password_is_changed_where_that_is_asked_for(create):
    create("ada", "--email", "ada@example.org")
    assert create("ada", "--change-password", password="another-river-elsewhere") == "ada has a new password.\n"
    assert User.objects.get().check_password("another-river-elsewhere")
    assert "too short" in create("ada", "--change-password", password="short")
    assert "no organizer bea" in create("bea", "--change-password")
    assert User.objects.get().check_password("another-river-elsewhere")
