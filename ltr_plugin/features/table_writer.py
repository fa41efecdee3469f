"""Writes a feature table while it is logged, with one row group in memory."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import Provenance, parquet_schema
from ltr_plugin.files import move_into_place

Row = tuple[str, str, float | None, Mapping[str, float | None]]
"""Query id, product id, grade (None: not judged), feature values by name (None: no value)."""


class FeatureTableWriter:
    """Writes rows to a Parquet file, which gets its name when the `with` block ends without an error."""

    def __init__(
        self, path: Path, names: Iterable[str], provenance: Provenance, *, row_group_size: int = 50_000
    ) -> None:
        """InputError when the folder cannot be written to."""
        import pyarrow.parquet as pq

        self.path = path
        self.num_rows = 0
        self._names = tuple(names)
        self._row_group_size = row_group_size
        self._buffer: list[Row] = []
        self._partial_path = path.with_name(path.name + ".part")
        self._schema = parquet_schema(self._names, provenance)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._partial_path, self._schema, compression="zstd")
        except OSError as error:
            raise InputError(str(path), f"cannot be written: {error.strerror or error}") from None

    def add(self, rows: Iterable[Row]) -> None:
        """Adds rows; those of a query must be consecutive."""
        self._buffer += rows
        if len(self._buffer) >= self._row_group_size:
            self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
        if kind is None:
            move_into_place(self._partial_path, self.path)
        else:
            self._partial_path.unlink(missing_ok=True)

    def _flush(self) -> None:
        import pyarrow as pa

        queries, products, grades = ([row[position] for row in self._buffer] for position in range(3))
        columns = {"query": queries, "product": products, "grade": grades}
        columns |= {name: [row[3].get(name) for row in self._buffer] for name in self._names}
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self.num_rows += len(self._buffer)
        self._buffer.clear()
