"""The card of a ranker, which says how it was trained, and the folder that holds the card and the model file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from ltr_plugin.catalog.product import digest
from ltr_plugin.engines import engine_named
from ltr_plugin.errors import InputError, counted
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.files import replace_folder
from ltr_plugin.validation import StrictModel, decode, parse_json, read_json

CARD_FILE, QUERIES_FILE = "card.json", "queries.jsonl"
FORMAT: Literal[2] = 2
"""The version of the card's form."""


def _with_keys(*names: str) -> AfterValidator:
    def check(value: dict[str, Any]) -> dict[str, Any]:
        if missing := [name for name in names if name not in value]:
            raise ValueError(f"lacks {', '.join(missing)}")
        return value

    return AfterValidator(check)


class RankerCard(StrictModel):
    """How a ranker was trained.

    `feature_set_digest` changes with anything that changes the features' values; a ranker is refused where it differs.
    `provenance` says where the training data comes from: the index, what of its profile changes rankings, its encoders'
    fingerprints, queries and judgments.
    `queries` and `rows` count what the model was trained on; `negatives` are rows of sampled products without a
    judgment. `settings` are those of the ranker's kind, `results` what training measured, `importance` how much each
    feature counts (its meaning depends on the kind). `libraries` are versions, `model_sha256` is the hash of the model
    file. `sample_queries` are queries of the training with their search parameters; they have a file of their own.
    """

    format: Literal[2] = FORMAT
    kind: str
    feature_set: FeatureSet
    feature_set_id: str
    feature_set_digest: str
    missing: Literal["zero"] = "zero"
    provenance: Annotated[dict[str, Any], _with_keys("index", "cluster_version", "judgments", "fingerprints")]
    queries: int
    rows: int
    negatives: int
    settings: dict[str, Any]
    results: dict[str, float | int | None]
    importance: dict[str, float]
    notes: tuple[str, ...] = ()
    libraries: dict[str, str]
    created: str
    model_sha256: str
    sample_queries: tuple[Annotated[dict[str, Any], _with_keys("query", "params")], ...] = Field((), exclude=True)

    @model_validator(mode="after")
    def _check_feature_set(self) -> Self:
        if self.feature_set_id != self.feature_set.id or self.feature_set_digest != self.feature_set.digest:
            raise ValueError(
                f"the ranker was trained on feature set {self.feature_set_id!r} with digest "
                f"{self.feature_set_digest!r}; the same features are {self.feature_set.id!r} with digest "
                f"{self.feature_set.digest!r} in this version; log features and train again"
            )
        return self


def make_card(
    kind: str,
    table: FeatureTable,
    model: bytes,
    *,
    queries: int,
    rows: int,
    settings: Mapping[str, Any],
    results: Mapping[str, float | int | None],
    importance: Mapping[str, float],
    notes: tuple[str, ...],
    libraries: tuple[str, ...],
) -> RankerCard:
    """The card of a model that was trained on `queries` queries and `rows` rows of `table`.

    InputError when the table does not fit its own feature set.
    """
    feature_set = table.feature_set
    apart = ("feature_set", "sample_queries", "texts")
    provenance = {name: value for name, value in asdict(table.provenance).items() if name not in apart}
    return RankerCard(
        kind=kind,
        feature_set=feature_set,
        feature_set_id=feature_set.id,
        feature_set_digest=feature_set.digest,
        provenance=provenance,
        queries=queries,
        rows=rows,
        negatives=int(np.isnan(table.grades).sum()),
        settings=dict(settings),
        results=dict(results),
        importance=dict(importance),
        notes=notes,
        libraries={name: version(name) for name in ("ltr-plugin", "numpy", *libraries)},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model_sha256=hashlib.sha256(model).hexdigest(),
        sample_queries=tuple(table.provenance.sample_queries),
    )


def read_card(folder: Path) -> RankerCard:
    """The card in a ranker's folder; InputError when the folder holds no ranker, or one of another release."""
    path, queries_path = folder / CARD_FILE, folder / QUERIES_FILE
    if not path.is_file():
        holds = f"holds no ranker: there is no {CARD_FILE}" if folder.is_dir() else "there is no such folder"
        raise InputError(str(folder), holds)
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(str(path), "is not a JSON object")
    if value.get("format", 1) == 1:
        raise InputError(str(folder), "was trained by ltr 0.1; log features and train again")
    # as bytes: a text would also be split where a query has a line separator of Unicode
    lines = queries_path.read_bytes().splitlines() if queries_path.exists() else []
    queries = [parse_json(line, source=f"{queries_path}:{number}") for number, line in enumerate(lines, start=1)]
    return decode(RankerCard, {**value, "sample_queries": queries}, source=str(path))


def read_model(folder: Path, name: str, *kinds: str) -> tuple[RankerCard, bytes]:
    """The card and the content of the model file `name`, of a ranker of one of these kinds.

    InputError when the folder holds no such ranker, or a model file that does not belong to the card.
    """
    card = read_card(folder)
    if card.kind not in kinds:
        raise InputError(str(folder / CARD_FILE), f"has kind {card.kind!r}, not {' or '.join(map(repr, kinds))}")
    path = folder / name
    try:
        model = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    if hashlib.sha256(model).hexdigest() != card.model_sha256:
        raise InputError(str(path), f"is not the model that {CARD_FILE} describes; train or copy the ranker again")
    return card, model


def write_ranker(folder: Path, card: RankerCard, name: str, model: bytes) -> None:
    """Writes a ranker's folder: the card, the model file `name`, a README, and the sample queries.

    A reader sees the old ranker or the new one. InputError when `folder` exists and holds something other than a
    ranker.
    """
    if folder.exists() and not (folder / CARD_FILE).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(str(folder), "exists and holds no ranker; choose another folder")
    with replace_folder(folder) as new:
        (new / name).write_bytes(model)
        (new / "README.md").write_text(render_readme(card), encoding="utf-8")
        text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
        (new / CARD_FILE).write_text(text + "\n", encoding="utf-8")
        if card.sample_queries:
            lines = (json.dumps(query, ensure_ascii=False) + "\n" for query in card.sample_queries)
            (new / QUERIES_FILE).write_text("".join(lines), encoding="utf-8")


def render_readme(card: RankerCard) -> str:
    """The card as a Markdown page."""
    profile = card.provenance.get("profile")
    facts = {
        "Feature set": f"{card.feature_set_id}, digest {card.feature_set_digest}",
        "Index": f"{card.provenance['index']}, {_scoring(card.provenance)}",
        **({"Index profile": f"digest {digest(profile)}"} if profile else {}),
        "Judgments": card.provenance["judgments"],
        "Trained on": f"{counted(card.queries, 'query')}, {counted(card.rows, 'product')}; "
        f"{card.negatives:,} sampled and not judged",
        "Missing values": "count as 0, as in the cluster",
        "Created": f"{card.created} with " + ", ".join(f"{name} {number}" for name, number in card.libraries.items()),
    }
    results = {name: value for name, value in card.results.items() if value is not None}
    parts = [
        f"# {card.kind} ranker for {card.feature_set_id}\n",
        *(f"- {name}: {value}" for name, value in facts.items()),
        *_table("Results", "result", results),
        *_table("Settings", "setting", card.settings),
        *_table("Features by importance", "feature", dict(sorted(card.importance.items(), key=lambda item: -item[1]))),
    ]
    if card.notes:
        parts += ["\n## Notes\n", *(f"- {note}" for note in card.notes)]
    return "\n".join(parts) + "\n"


def _scoring(provenance: Mapping[str, Any]) -> str:
    """The cluster in which the features were computed, with what scores of words depend on."""
    scoring = provenance.get("scoring")
    if not scoring:
        return f"cluster {provenance['cluster_version']}"
    name = f"{engine_named(scoring['engine']).title} {scoring['version']}".strip()
    return f"{name}, {scoring['similarity']}, {counted(scoring['shards'], 'shard')}, {scoring['search_type']}"


def _table(title: str, first: str, rows: Mapping[str, Any]) -> list[str]:
    cells = [
        f"| {name} | {value:.6g} |" if isinstance(value, float) else f"| {name} | {value} |"
        for name, value in rows.items()
    ]
    return [f"\n## {title}\n", f"| {first} | value |", "|---|---|", *cells]
