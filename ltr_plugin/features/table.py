"""Tables of logged features: a row for each pair of a query and a product, in a Parquet file with its provenance."""

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
    """What a table was logged from, to repeat it and to check what it is used with.

    `feature_set` is the feature set as JSON, `fingerprints` are the digests of the index's vector spaces by field,
    `queries` and `judgments` identify the files, `negatives` is the number of products sampled for each query.
    `sample_queries` are some of the queries with their search parameters, for the parity check of rankers. `profile` is
    what of the index's profile changes rankings (`IndexProfile.ranking`), `texts` are those of the queries that are
    typed and nothing else, by id; `scoring` is what scores of words depend on (`cluster.scoring`). All three are empty
    in tables of earlier versions.
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
    profile: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    scoring: dict[str, Any] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True)
class FeatureTable:
    """Logged features of (query, product) pairs, one in each row; the rows of a query are consecutive.

    `queries` and `products` are the ids, (rows,). `grades`, float32 (rows,), is NaN for a sampled product without a
    judgment. `values`, float32 (rows, features), is NaN where a feature has no value; its columns are `feature_names`,
    in the order of the feature set. `len(table)` is the number of rows.
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
        """The grades, with 0 for sampled products: they represent the many products that are not relevant."""
        return np.nan_to_num(self.grades, nan=0.0)

    @property
    def zero_filled(self) -> Floats:
        """The values as the cluster scores them: 0 where a feature has no value."""
        return zero_fill(self.values)

    @cached_property
    def feature_set(self) -> FeatureSet:
        """The feature set that was logged.

        InputError when the columns are not its features, or when this version renders its queries differently.
        """
        features = decode(FeatureSet, self.provenance.feature_set, source="feature table")
        if features.feature_names != self.feature_names:
            raise InputError(
                "feature table", f"has columns {self.feature_names!r}, its feature set has {features.feature_names!r}"
            )
        if features.digest != self.provenance.feature_set_digest:
            raise InputError(
                "feature table",
                f"feature set {features.id!r} is rendered differently in this version; log the table again",
            )
        return features

    def subset(self, indices: npt.NDArray[Any]) -> Self:
        """The table of some rows, given by their indices or by a boolean mask."""
        columns = (self.queries[indices], self.products[indices], self.grades[indices], self.values[indices])
        return type(self)(*columns, self.feature_names, self.provenance)

    def for_queries(self, queries: Iterable[str]) -> Self:
        """The table of the rows of these queries."""
        return self.subset(np.isin(self.queries, np.array(list(queries), dtype=object)))

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """The table in a Parquet file that `log_features` or `ltr features log` wrote.

        InputError when the file cannot be read, is not such a table, or was written by another version.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not Path(path).exists():
            raise InputError(str(path), "there is no such file; make a table with `ltr features log`")
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise InputError(str(path), f"is not a feature table: {error}; make one with `ltr features log`") from None
        header = json.loads((table.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
        if header.get("format_version") != FORMAT_VERSION:
            message = f"is not a feature table of format {FORMAT_VERSION}; log it again with `ltr features log`"
            raise InputError(str(path), message)
        names = tuple(table.column_names[3:])
        values = np.stack([_numbers(table, name) for name in names], axis=1)
        queries, products = (table.column(name).to_numpy(zero_copy_only=False) for name in ("query", "product"))
        return cls(queries, products, _numbers(table, "grade"), values, names, Provenance(**header))


def zero_fill(values: npt.ArrayLike) -> Floats:
    """The values as float32 with 0 for NaN, as the cluster scores them."""
    return np.nan_to_num(np.asarray(values, dtype=np.float32), nan=0.0)


def parquet_schema(names: Iterable[str], provenance: Provenance) -> "pa.Schema":
    """The Parquet schema of a table: query, product, grade (null: not judged), then the features (null: no value)."""
    import pyarrow as pa

    columns = [("query", pa.string()), ("product", pa.string()), ("grade", pa.float32())]
    return pa.schema(
        [*columns, *((name, pa.float32()) for name in names)], metadata={_METADATA_KEY: json.dumps(asdict(provenance))}
    )


def _numbers(table: "pa.Table", name: str) -> Floats:
    column: Floats = table.column(name).to_numpy(zero_copy_only=False).astype(np.float32)
    return column
