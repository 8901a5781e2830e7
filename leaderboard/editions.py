"""Which edition of a board the public is shown. Whatever is public of a board goes by it: page, socket, API, files."""

from django.db.models import Exists, Q, QuerySet, Subquery

from leaderboard.models import Board, Freeze, Series


def served(series: Series) -> Board | None:
    """The edition that everybody is shown; None if the series has no board yet."""
    return shown(series).first()


def shown(series: Series) -> QuerySet[Board]:
    """The served edition and all before it, newest first: what is public of the series."""
    freeze = Freeze.objects.filter(round__series=series).values("board__number")
    public = Q(number__lte=Subquery(freeze)) | ~Exists(freeze)
    return Board.objects.filter(public, series=series).order_by("-number")


def newest(series: Series) -> Board | None:
    """The live edition, for organizers and for counting; None if the series has no board yet."""
    return Board.objects.filter(series=series).order_by("-number").first()
