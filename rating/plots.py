"""Boards as pictures: ratings with their intervals, best on top."""

import warnings
from pathlib import Path
from typing import Any

from rating.errors import BadSetting
from rating.settings import Settings
from rating.tables import counted, printable

ENDINGS: dict[str, dict[str, Any]] = {
    # Without a date, the same board gives the same bytes.
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None}},
    ".png": {"dpi": 150},
}
# A font for Latin first, then whatever this machine has for other scripts.
FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK KR",
    "Noto Sans CJK JP",
    "Noto Sans KR",
    "NanumGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "WenQuanYi Zen Hei",
    "Unifont",
)
INK, PAPER, FAINT = "#1f4e79", "#ffffff", "#d9dde2"
ROW, TALLEST = 0.26, 300.0  # inches: of a player's row; of all, beyond which no renderer goes

NEEDS_MATPLOTLIB = "drawing needs matplotlib: install the extra `plot`, or matplotlib itself"


def draw(content: dict[str, Any], path: str, settings: Settings) -> None:
    """Draw a board, as `standings` makes it, into an image; its format follows the ending: .svg, .png, .pdf.

    Raises BadSetting for another ending or without matplotlib, and OSError where the file cannot be written.
    """
    how = ENDINGS.get(Path(path).suffix.lower())
    if how is None:
        raise BadSetting(f"a picture's name ends in one of {', '.join(ENDINGS)}, not as in {Path(path).name!r}")
    try:
        import matplotlib  # noqa: PLC0415  an extra, and slow to import
        from matplotlib import font_manager  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as why:
        raise BadSetting(NEEDS_MATPLOTLIB) from why
    here = {font.name for font in font_manager.fontManager.ttflist}
    look: dict[Any, Any] = {
        "font.family": [font for font in FONTS if font in here] or ["sans-serif"],
        "text.parse_math": False,  # a name with dollar signs is no formula
        "svg.fonttype": "none",  # names stay text, and the viewer's fonts draw what ours lack
        "svg.hashsalt": "rating",
    }
    height = min(1.3 + ROW * len(content["players"]), TALLEST)
    with matplotlib.rc_context(look), warnings.catch_warnings():
        # A letter that no font here has is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(8, height), layout="constrained")
        fill(figure.subplots(), content, settings)
        figure.savefig(path, format=Path(path).suffix[1:].lower(), **how)


def fill(axes: Any, content: dict[str, Any], settings: Settings) -> None:
    """Put the board into the axes."""
    players = content["players"]
    for row, player in enumerate(players):
        axes.plot([player["low"], player["high"]], [row, row], color=INK, linewidth=1.2, zorder=2)
        inside = PAPER if player["provisional"] else INK
        axes.plot(player["rating"], row, "o", markersize=5, color=INK, markerfacecolor=inside, zorder=3)
    if settings.below is not None:
        ranked = sum(player["rank"] is not None for player in players)
        axes.axhline(ranked - settings.below - 0.5, color="#b3261e", linewidth=1, linestyle="--")
    axes.set_yticks(range(len(players)), [printable(player["name"]) for player in players], fontsize=8)
    axes.set_ylim(len(players) - 0.4, -0.6)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel("rating, " + ("Elo points" if settings.scale == "elo" else "nats"), fontsize=9)
    hollow = "; hollow: provisional" if any(player["provisional"] for player in players) else ""
    title = f"{counted(content['votes'])} votes, 95 % intervals{hollow}"
    axes.set_title(title, fontsize=9, loc="left", color="#444444")
