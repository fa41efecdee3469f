"""Logged features as a table: a row a (query, product) pair, in a Parquet file that says how to make it again."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.validation import decode

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT_VERSION = 2
_METADATA_KEY = b"ltr"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Provenance:
    """What a table was made from: enough to make it again and to refuse it where it does not fit.

    `sample_queries` are some of its queries with their search parameters, for the parity check of rankers.
    """

    feature_set: dict[str, Any]
    feature_set_id: str
    feature_set_digest: str
    index: str
    fingerprints: dict[str, str]
    cluster_version: str
    queries: str
    judgments: str
    negatives: int
    seed: int
    created: str
    sample_queries: list[dict[str, Any]] = field(default_factory=list)
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True)
class FeatureTable:
    """Rows of one feature set.

    `queries` and `products` hold ids; `grades` are float32, NaN for a sampled product that nobody judged; `values`
    is (rows, features) float32, NaN where a feature has no value. Rows of one query stand together.
    """

    queries: npt.NDArray[np.object_]
    products: npt.NDArray[np.object_]
    grades: Floats
    values: Floats
    feature_names: tuple[str, ...]
    provenance: Provenance = field(repr=False)

    def __len__(self) -> int:
        return len(self.queries)

    @property
    def labels(self) -> Floats:
        """Grades with 0 for the sampled products: they stand for the many that nobody would judge relevant."""
        return np.nan_to_num(self.grades, nan=0.0)

    @property
    def zero_filled(self) -> Floats:
        """Values as the cluster scores them: 0 where a feature has no value."""
        return np.where(np.isnan(self.values), np.float32(0), self.values)

    @cached_property
    def feature_set(self) -> FeatureSet:
        """The feature set that the table was logged with; InputError when its columns or its queries are others now."""
        features = decode(FeatureSet, self.provenance.feature_set, source="feature table")
        if features.feature_names != self.feature_names:
            raise InputError(
                "feature table", f"has columns {self.feature_names!r}, its feature set has {features.feature_names!r}"
            )
        if features.digest != self.provenance.feature_set_digest:
            raise InputError("feature table", f"feature set {features.id!r} renders otherwise now; log the table again")
        return features

    def subset(self, indices: npt.NDArray[Any]) -> Self:
        """The table of the chosen rows (a mask or positions)."""
        parts = (self.queries[indices], self.products[indices], self.grades[indices], self.values[indices])
        return type(self)(*parts, self.feature_names, self.provenance)

    def for_queries(self, wanted: Iterable[str]) -> Self:
        """The rows of these queries."""
        return self.subset(np.isin(self.queries, np.array(list(wanted), dtype=object)))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table in a Parquet file; InputError when it is none of ours."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise InputError(str(path), f"no feature table: {error}; make one with `ltr features log`") from None
        header = json.loads((table.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
        if header.get("format_version") != FORMAT_VERSION:
            raise InputError(
                str(path), f"no feature table of format {FORMAT_VERSION}; make one with `ltr features log`"
            )
        names = tuple(table.column_names[3:])
        values = np.stack([_numbers(table, name) for name in names], axis=1)
        queries, products = (table.column(name).to_numpy(zero_copy_only=False) for name in ("query", "product"))
        return cls(queries, products, _numbers(table, "grade"), values, names, Provenance(**header))


def zero_fill(values: npt.ArrayLike) -> Floats:
    """float32 values with 0 for what is missing, as the cluster scores them."""
    return np.nan_to_num(np.asarray(values, dtype=np.float32), nan=0.0)


def parquet_schema(names: Iterable[str], provenance: Provenance) -> "pa.Schema":
    """The Parquet schema of a table: query, product, grade (null: not judged), then the features (null: missing)."""
    import pyarrow as pa

    columns = [("query", pa.string()), ("product", pa.string()), ("grade", pa.float32())]
    return pa.schema(
        [*columns, *((name, pa.float32()) for name in names)], metadata={_METADATA_KEY: json.dumps(asdict(provenance))}
    )


def _numbers(table: "pa.Table", name: str) -> Floats:
    column: Floats = table.column(name).to_numpy(zero_copy_only=False).astype(np.float32)
    return column
