"""Why nothing was ruled."""


class CannotRule(Exception):
    """Nothing was ruled, proposed or dissented from; the words say why."""
