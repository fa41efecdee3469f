"""Vector spaces weighted by measured percentiles against similarities that are summed as they are.

    ltr node start && python -m benchmarks.run.first_pass DATA/grocery

Two shops: 81 groceries with photos taken by phone, and the shop that `ltr demo` draws. Their text is encoded by the
bundled MiniLM, their photos and texts by an alignment of the bundled EfficientNet-Lite0 and MiniLM, trained on the
catalog (and on the training photos of groceries) for half a minute: it brings the spaces in which a typed query is
compared with photos. There is no ranker: what is measured is the first pass alone, in the same index and the same run.

The scales are those of `ltr profile measure` on products of the index, and on the training queries; the test queries
are measured on alone. The window is a quarter of the products.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.lib.script import argument_parser, command_line, markdown_row, write_result
from benchmarks.run.grocery import write_data
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import msearch_template
from ltr_plugin.demo.shop import ShopFiles, generate_shop
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.trainers import ALIGN
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.significance import bootstrap_intervals, randomisation_p_values
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode_queries
from ltr_plugin.pipelines.first_pass.measure import Measurement, measure_scales
from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.query import read_queries
from ltr_plugin.queries.templates import BASELINES, search_template
from ltr_plugin.settings import Settings

RANKINGS = {"vectors": "vectors", "first-pass": "words and vectors"}
SUMMED, PRODUCTS, QUERIES = "summed", "scaled on products", "scaled on training queries"
WINDOW_SHARE = 4
MODES = ("text", "image", "mixed")
NDCG, RECALL = "nDCG@10", "recall of the window"

Values = npt.NDArray[np.float64]


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path, help="Folder of the groceries.")
    parser.add_argument("--minutes", type=float, default=0.5, help="Minutes to train an alignment (%(default)s).")
    given = parser.parse_args()
    settings = Settings.from_env()
    shops = {"grocery": settings.runs / "grocery" / "data", "demo": settings.runs / "demo" / "shop"}
    if not shops["grocery"].exists():
        write_data(given.data, shops["grocery"])
    if not shops["demo"].exists():
        generate_shop(shops["demo"])
    measured = {name: measure_shop(settings, name, folder, given.minutes) for name, folder in shops.items()}
    report = {
        "command": command_line(),
        "minutes": given.minutes,
        "shops": measured,
    }
    write_result(given.out, "first_pass", report, "\n".join(page(report)))


def measure_shop(settings: Settings, name: str, folder: Path, minutes: float) -> dict[str, Any]:
    """The scales of a shop, and what each way of adding similarities finds for each mode of its test queries."""
    files = ShopFiles.in_folder(folder)
    index = indexed(settings, name, files, minutes)
    size = index.count()
    index = with_profile(index, window=size // WINDOW_SHARE)
    scales = {PRODUCTS: measure_scales(index), QUERIES: measure_scales(index, files.train_queries)}
    ways = {
        SUMMED: index,
        **{way: replace(index, profile=one.applied_to(index.profile)) for way, one in scales.items()},
    }
    qrels = Qrels.read(files.qrels)
    known = [one for one in read_queries(files.test_queries) if not (one.audio or one.video)]
    encoded = encode_queries(index, [one for one in known if max(qrels.for_query(one.id).values())], folder)
    return {
        "products": size,
        "window": size // WINDOW_SHARE,
        "scales": {way: scales_of(one) for way, one in scales.items()},
        "results": list(results(ways, encoded, qrels)),
    }


def indexed(settings: Settings, name: str, files: ShopFiles, minutes: float) -> Index:
    """The shop in an index, with its vectors."""
    encoder = settings.runs / "first_pass" / name
    photos = files.catalog.with_name("photos.jsonl")
    if not encoder.exists():
        more = {"queries": photos, "qrels": photos.with_name("photos.qrels.txt")} if photos.exists() else {}
        ALIGN(files.catalog, encoder, budget=Budget(minutes=minutes), **more)
    vectors = vector_fields(DEFAULT_TEXT_ENCODER, f"aligned:{encoder}")
    written = write_catalog(connect(settings=settings), files.catalog, f"first-pass-{name}", vectors)
    return embed_backlog(settings, written.index, written.pending_alias)


def with_profile(index: Index, **first_pass: object) -> Index:
    profile: IndexProfile = index.profile
    return replace(
        index, profile=profile.model_copy(update={"first_pass": profile.first_pass.model_copy(update=first_pass)})
    )


def scales_of(measured: Measurement) -> dict[str, Any]:
    return {
        "best_bm25": measured.weight,
        "scales": [scale.model_dump(mode="json", exclude={"space"}) for scale in measured.scales],
    }


def results(ways: dict[str, Index], encoded: Sequence[EncodedQuery], qrels: Qrels) -> Iterator[dict[str, Any]]:
    """For each ranking, mode and measure: the mean of each way, and its difference from the first way."""
    known = Qrels({one.query.id: qrels.for_query(one.query.id) for one in encoded})
    modes = {one.query.id: one.query.mode for one in encoded}
    for ranking, title in RANKINGS.items():
        values = {way: values_of(index, ranking, encoded, known) for way, index in ways.items()}
        for mode in MODES:
            members = np.array([modes[query] == mode for query in known.queries()])
            if not members.any():
                continue
            for column, measure in enumerate((NDCG, RECALL)):
                of_way = {way: one[members, column] for way, one in values.items()}
                yield {
                    "ranking": title,
                    "mode": mode,
                    "queries": int(members.sum()),
                    "measure": measure,
                    "means": {way: float(one.mean()) for way, one in of_way.items()},
                    "differences": {
                        way: difference(one - of_way[SUMMED]) for way, one in of_way.items() if way != SUMMED
                    },
                }


def values_of(index: Index, ranking: str, encoded: Sequence[EncodedQuery], known: Qrels) -> Values:
    """(queries, 2) in the order of `known`: nDCG@10, and which part of the relevant products the window has."""
    template = {"source": search_template(index.retrieval(), BASELINES[ranking])}
    window = index.profile.first_pass.window
    searches = ((one.query.id, {**one.params, "size": window}) for one in encoded)
    hits = dict(zip((one.query.id for one in encoded), msearch_template(index, template, searches), strict=True))
    run = {query: [(hit.id, hit.score) for hit in found] for query, found in hits.items()}
    ndcg = per_query(run, known)[:, MEASURES.index(NDCG)]
    relevant = {query: {id_ for id_, grade in known.for_query(query).items() if grade} for query in run}
    recall = [
        len(relevant[query] & {hit.id for hit in hits[query]}) / len(relevant[query]) for query in known.queries()
    ]
    return np.column_stack([ndcg, recall])


def difference(values: Values) -> dict[str, float]:
    """The mean of the queries' differences, its 95 % interval (bootstrap), and its p-value (randomisation test)."""
    column = values[:, None]
    low, high = bootstrap_intervals(column)
    p = randomisation_p_values(column)
    return {"mean": float(values.mean()), "low": float(low[0]), "high": float(high[0]), "p": float(p[0])}


def page(report: dict[str, Any]) -> Iterator[str]:
    yield "# First pass: vector spaces scaled by measured percentiles, or summed as they are\n"
    yield f"    ltr node start && {report['command']}\n"
    yield (
        "Difference from the sum, with the 95 % interval of its mean (paired bootstrap over the queries). The window "
        "is a quarter of the products. There is no ranker; encoders are the bundled MiniLM, and an alignment of "
        f"EfficientNet-Lite0 and MiniLM trained for {report['minutes']:g} min. Scales do not come from test queries.\n"
    )
    for name, shop in report["shops"].items():
        yield f"## {name.capitalize()}: {shop['products']} products\n"
        yield markdown_row(["queries", "ranking", "measure", SUMMED, PRODUCTS, "difference", QUERIES, "difference"])
        yield markdown_row(["---"] * 8)
        for row in shop["results"]:
            summed = f"{row['means'][SUMMED]:.3f}"
            cells = [f"{row['mode']} ({row['queries']})", row["ranking"], row["measure"], summed]
            for way in (PRODUCTS, QUERIES):
                found = row["differences"][way]
                cells.append(f"{row['means'][way]:.3f}")
                cells.append(f"{found['mean']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]")
            yield markdown_row(cells)
        yield ""
        for way, measured in shop["scales"].items():
            yield f"{way.capitalize()}; median best BM25 score {measured['best_bm25']:.2f}:\n"
            yield from (
                f"- {one['query']} with {one['field']}: {one['low']:.3f} to {one['high']:.3f}, "
                f"weight {one['weight']:.2f}"
                for one in measured["scales"]
            )
            yield ""


if __name__ == "__main__":
    main()
