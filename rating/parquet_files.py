"""Parquet, a batch of rows at a time and no loop over them: Arrow finds the distinct values."""

from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from rating.blocks import BadLine, Block, Coded, Wanted, spelt
from rating.text_files import Places, columns_of, known

ROWS = 1 << 18  # of a batch

NEEDS_ARROW = "reading Parquet needs pyarrow: install the extra `parquet`, or pyarrow itself"


class NotParquet(Exception):
    """What is wrong with the whole file."""


def parquet_blocks(file: IO[bytes], wanted: Wanted) -> Iterator[tuple[Block, float]]:
    """The rows of a Parquet file, counted from 1, and the share of them read by then. Raises BadLine, NotParquet.

    Ids that are integers are names: a file made from a CSV table has such columns.
    """
    try:
        import pyarrow as arrow  # noqa: PLC0415  an extra, and slow to import
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as why:
        raise NotParquet(NEEDS_ARROW) from why
    try:
        opened = parquet.ParquetFile(file)
        header = opened.schema_arrow.names
        try:
            places = columns_of(header, wanted)
        except BadLine as why:
            raise NotParquet(why.why.replace("header", "schema")) from why
        names = [header[place] for place in (*places.needed, *places.optional) if place is not None]
        before, total = 0, opened.metadata.num_rows
        for batch in opened.iter_batches(ROWS, columns=names):
            yield parquet_block(batch, header, places, before), (before + batch.num_rows) / total
            before += batch.num_rows
    except (arrow.ArrowException, OSError) as why:
        raise NotParquet("not a Parquet file of votes, or a broken one") from why


def parquet_block(batch: Any, header: list[str], places: Places, before: int) -> Block:
    """A batch of rows as a block; before: how many rows came before it."""
    first, second, winner = (texts_of(arrow_coded(batch.column(header[place]))) for place in places.needed)
    weight, voter = (None if at is None else arrow_coded(batch.column(header[at])) for at in places.optional)
    return Block(
        lambda index: before + index + 1,
        first,
        second,
        Coded(spelt(winner.words, places.sides), winner.codes),
        weight,
        known(voter and texts_of(voter)),
    )


def arrow_coded(column: Any) -> Coded:
    """An Arrow array as distinct values and codes; a null is None."""
    import pyarrow as arrow  # noqa: PLC0415  imported before, or we were not here

    plain = column.dictionary_decode() if arrow.types.is_dictionary(column.type) else column
    found = plain.dictionary_encode(null_encoding="encode")
    return Coded(found.dictionary.to_pylist(), found.indices.to_numpy(zero_copy_only=False).astype(np.intp))


def texts_of(column: Coded) -> Coded:
    """A column of names, where integers and bytes are names too."""
    return Coded([text_of(word) for word in column.words], column.codes)


def text_of(word: Any) -> Any:
    """Integers and bytes as text; anything else as it is. Raises UnicodeDecodeError."""
    if isinstance(word, bytes):
        return word.decode()
    return str(word) if type(word) is int else word
