"""Feature tables written as they are logged: memory holds one group of rows, and a half-written file has no name."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import Origin, schema

Row = tuple[str, str, float | None, Mapping[str, float | None]]
"""Query id, product id, grade (None: not judged), feature values (None: missing)."""


class TableWriter:
    """Writes rows to a Parquet file that appears under its name only when all are written."""

    def __init__(self, path: Path, names: Iterable[str], origin: Origin, *, group: int = 50_000) -> None:
        """InputError when the folder cannot be written to."""
        import pyarrow.parquet as pq

        self.path = path
        self.rows = 0
        self._names = tuple(names)
        self._group = group
        self._waiting: list[Row] = []
        self._beside = path.with_name(path.name + ".part")
        self._schema = schema(self._names, origin)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._beside, self._schema, compression="zstd")
        except OSError as error:
            raise InputError(str(path), f"cannot be written: {error.strerror or error}") from None

    def add(self, rows: Iterable[Row]) -> None:
        """Takes rows; those of one query must come together."""
        self._waiting += rows
        if len(self._waiting) >= self._group:
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
            self._beside.replace(self.path)
        else:
            self._beside.unlink(missing_ok=True)

    def _flush(self) -> None:
        import pyarrow as pa

        queries, products, grades = ([row[place] for row in self._waiting] for place in range(3))
        columns = {"query": queries, "product": products, "grade": grades}
        columns |= {name: [row[3].get(name) for row in self._waiting] for name in self._names}
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self.rows += len(self._waiting)
        self._waiting.clear()
