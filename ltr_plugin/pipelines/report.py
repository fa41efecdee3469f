"""An evaluation as an HTML page, with the photos of queries and products."""

import base64
import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.references import is_url
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import LtrError, MediaError
from ltr_plugin.evaluation.ablation import Ablation
from ltr_plugin.evaluation.curves import precision_at_recall
from ltr_plugin.evaluation.query_table import query_table
from ltr_plugin.evaluation.report_page import QueryExample, ReportPage, ResultItem
from ltr_plugin.files import write_atomic
from ltr_plugin.pipelines.evaluate import Evaluation
from ltr_plugin.queries.query import Query

RESULTS_PER_RANKER, EXAMPLES_PER_KIND = 6, 5
"""Results of each ranker in an example; examples of won and of lost queries, each."""

THUMBNAIL_PX, MAX_AUDIO_BYTES, PHOTOS_AT_ONCE = 160, 400_000, 16


def report(
    index: Index,
    evaluation: Evaluation,
    out: Path | str = "report.html",
    *,
    ablation: Ablation | None = None,
) -> Path:
    """Writes an evaluation as one HTML page, and returns its path.

    The page has the verdict, tables, curves, all queries, and examples of queries that the last ranker other than the
    baseline wins and loses, with their photos and recordings; media that cannot be shown are left out. `ablation` is
    shown as well.
    """
    folder = evaluation.media_root
    comparison, runs, qrels = evaluation.full, evaluation.runs, evaluation.qrels
    encoded = {one.query.id: one.query for one in evaluation.encoded}
    table = query_table(
        {name: views.full for name, views in runs.items()},
        qrels,
        comparison.baseline,
        texts={query: one.text for query, one in encoded.items()},
        modes={query: one.mode for query, one in encoded.items()},
        slices=evaluation.slices,
    )
    baseline, last = comparison.baseline, (table.others or [comparison.baseline])[-1]
    by_query = table.differences(last)
    best = sorted(by_query, key=lambda query: -by_query[query])
    wins = [query for query in best[:EXAMPLES_PER_KIND] if by_query[query] > 0]
    losses = [query for query in best[::-1][:EXAMPLES_PER_KIND] if by_query[query] < 0]
    top_results = {
        query: {
            name: [id_ for id_, _ in runs[name].full.get(query, ())[:RESULTS_PER_RANKER]] for name in (baseline, last)
        }
        for query in (*wins, *losses)
    }
    items = _items(
        index,
        {id_ for both in top_results.values() for ids in both.values() for id_ in ids},
        {encoded[query].language for query in top_results},
    )

    def example(query: str) -> QueryExample:
        one, grades = encoded[query], qrels.for_query(query)
        shown = {
            name: [ResultItem(id_, *items[id_, one.language], grades.get(id_)) for id_ in ids]
            for name, ids in top_results[query].items()
        }
        return QueryExample(query, one.text, _photo(one, folder), _audio(one, folder), by_query[query], shown)

    page = ReportPage(
        title=f"Rankers on {index.alias}",
        comparison=comparison,
        judged_only=evaluation.judged,
        verdict=evaluation.verdict,
        curves={name: precision_at_recall(views.full, qrels) for name, views in runs.items()},
        queries=table,
        compared=last,
        wins=[example(query) for query in wins],
        losses=[example(query) for query in losses],
        facts={"products": f"{index.count():,}", "judged queries": str(len(qrels.queries()))},
        latency=evaluation.latency,
        summaries={name: one for name, one in evaluation.summaries.items() if one},
        unknown=[name for name, one in evaluation.summaries.items() if not one],
        ablation=ablation,
    )
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, page.to_html())
    return path


def _items(
    index: Index, ids: Iterable[str], languages: Iterable[str | None]
) -> Mapping[tuple[str, str | None], tuple[str, str | None]]:
    """Title and photo of each product, by its id and each language."""
    wanted = list(ids)
    found = {language: index.products(wanted, language) for language in languages}
    products = next(iter(found.values()), {})
    with ThreadPoolExecutor(PHOTOS_AT_ONCE) as pool:  # a host that does not answer takes seconds for each photo
        photos = dict(zip(products, pool.map(partial(_product_photo, index), products.values()), strict=True))
    return {
        (id_, language): (known[id_].title, photos.get(id_)) if id_ in known else ("", None)
        for language, known in found.items()
        for id_ in wanted
    }


def _product_photo(index: Index, product: Product) -> str | None:
    roots = index.allow_media(index.media_roots.main).media_roots  # the user's own page
    for reference in product.images:
        if shown := _thumbnail(roots.root_of(reference), reference):
            return shown
    return None


def _photo(query: Query, folder: Path) -> str | None:
    return _thumbnail(folder, query.image) if query.image else None


def _thumbnail(root: Path, reference: str) -> str | None:
    from ltr_plugin.media.images import open_image

    try:
        photo = open_image(root, reference, side=THUMBNAIL_PX)
    except MediaError:
        return None
    photo.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=80)
    return _data_url("image/jpeg", buffer.getvalue())


def _audio(query: Query, folder: Path) -> str | None:
    """The query's recording as a data URL; None for a long one, or one behind a URL."""
    from ltr_plugin.media.reading import read_media

    if not query.audio or is_url(query.audio):
        return None
    try:
        data = read_media(folder, query.audio, max_bytes=MAX_AUDIO_BYTES)
    except LtrError:
        return None
    kinds = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac", ".m4a": "audio/mp4"}
    return _data_url(kinds.get(Path(query.audio).suffix.lower(), "audio/wav"), data)


def _data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
