"""Rows that are never changed: the triggers that refuse it, made and taken back by the migrations of every app.

Migrations import this for good: what it writes for the same words stays the same. A later rule is another class.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.operations.base import Operation

SPELT = {
    "sqlite": {"differs": "IS NOT", "row": "", "text": ""},
    "postgresql": {"differs": "IS DISTINCT FROM", "row": "ROW", "text": "::text"},
}


@dataclass(frozen=True, slots=True)
class NeverChanged:
    """Tables that refuse every update, or every one that a condition tells.

    triggers: by name, the table of each; when: by trigger, the condition, where not every update is refused; it is
    about OLD and NEW, and may say {differs}, {row} and {text} where the databases spell them otherwise.
    function: what refuses on PostgreSQL, for all of them. words: what the refusal says.
    """

    words: str
    function: str
    triggers: Mapping[str, str]
    when: Mapping[str, str] = field(default_factory=dict)

    def operation(self) -> Operation:
        """Refuse from this step of a migration on."""
        return RunPython(self.keep, self.let_go)

    def around(self, *operations: Operation) -> list[Operation]:
        """These operations on the tables, and the triggers kept: SQLite loses them where Django makes a table anew."""
        return [RunPython(RunPython.noop, self.keep_again), *operations, RunPython(self.keep_again, RunPython.noop)]

    def keep(self, apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN RAISE integrity_constraint_violation USING MESSAGE = '{self.words}'; END $$"
            )
        for trigger in self.triggers:
            schema_editor.execute(f"CREATE TRIGGER {self.refusal(trigger, schema_editor.connection.vendor)}")

    def keep_again(self, apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """PostgreSQL alters a table with its triggers on it."""
        if schema_editor.connection.vendor == "sqlite":
            for trigger in self.triggers:
                schema_editor.execute(f"CREATE TRIGGER IF NOT EXISTS {self.refusal(trigger, 'sqlite')}")

    def let_go(self, apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        postgresql = schema_editor.connection.vendor == "postgresql"
        for trigger, table in self.triggers.items():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {trigger}" + (f" ON {table}" if postgresql else ""))
        if postgresql:
            schema_editor.execute(f"DROP FUNCTION {self.function}()")

    def refusal(self, trigger: str, vendor: str) -> str:
        """A trigger with what it does, as this database writes it."""
        when = self.when.get(trigger, "").format(**SPELT[vendor])
        update = f"{trigger} BEFORE UPDATE ON {self.triggers[trigger]}"
        if vendor == "postgresql":
            when = f" WHEN ({when})" if when else ""
            return f"{update} FOR EACH ROW{when} EXECUTE FUNCTION {self.function}()"
        when = f" WHEN {when}" if when else ""
        return f"{update}{when} BEGIN SELECT RAISE(ABORT, '{self.words}'); END"
