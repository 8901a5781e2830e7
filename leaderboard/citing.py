"""How an exported edition is cited: BibTeX, and metadata in the form that DataCite registers with a DOI.

Source: DataCite Metadata Schema 4.5. All its mandatory properties are there but the identifier: a registrar gives it.
"""

import json
from pathlib import Path
from typing import Any

from leaderboard.models import Board, Round

PUBLISHER = "Last Model Standing"


def write_datacite(contest: Round, edition: Board, file: Path) -> None:
    content = json.dumps(datacite(contest, edition), ensure_ascii=False, indent=2)
    file.write_text(content + "\n", encoding="utf-8")


def datacite(contest: Round, edition: Board) -> dict[str, Any]:
    """The metadata of an edition as a data set, in DataCite's JSON."""
    series = contest.series
    titles = [{"title": title_of(contest, edition), "lang": "en"}]
    if series.title_ko:
        titles.append({"title": f"{series.title_ko}, {edition.number}번째 순위표", "lang": "ko"})
    return {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Ballots and board of a contest round"},
        "creators": [{"name": PUBLISHER, "nameType": "Organizational"}],
        "publisher": {"name": PUBLISHER},
        "titles": titles,
        "publicationYear": str(edition.created_at.year),
        "dates": [
            {"date": edition.created_at.isoformat(), "dateType": "Created"},
            {"date": f"{contest.opens_at.isoformat()}/{edition.created_at.isoformat()}", "dateType": "Collected"},
        ],
        "version": str(edition.number),
        "language": "en",
        "formats": ["application/gzip", "application/json", "text/csv", "application/vnd.apache.parquet"],
        "subjects": [{"subject": one} for one in ("language models", "pairwise comparison", "human evaluation")],
        "descriptions": [
            {
                "description": f"Every ballot of {series.title} up to position {edition.position}, the board they "
                "make, and the rules it went by. No prompts, no answers.",
                "descriptionType": "Abstract",
                "lang": "en",
            }
        ],
    }


def write_bibtex(contest: Round, edition: Board, file: Path) -> None:
    file.write_text(bibtex(contest, edition), encoding="utf-8")


def bibtex(contest: Round, edition: Board) -> str:
    """One entry for BibTeX and BibLaTeX; whoever has a DOI adds it."""
    fields = {
        "author": f"{{{PUBLISHER}}}",
        "title": f"{{{escaped(title_of(contest, edition))}}}",
        "year": str(edition.created_at.year),
        "month": str(edition.created_at.month),
        "version": str(edition.number),
        "publisher": PUBLISHER,
        "note": f"Data set: ballots up to position {edition.position}",
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{contest.series.slug}-board-{edition.number},\n{lines}\n}}\n"


def escaped(text: str) -> str:
    """What organizers wrote, so that TeX reads it as text."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(one, f"\\{one}" if one in "{}$&#_%" else one) for one in text)


def title_of(contest: Round, edition: Board) -> str:
    return f"{contest.series.title}, board {edition.number}"
