"""A catalog into the index: words at once, vectors by the workers, the alias when all is there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.indices import aliased, open_or_create, switch_alias
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.errors import InputError, Mistake
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.progress import Progress, silent
from ltr_plugin.settings import Settings


@dataclass(frozen=True)
class Indexed:
    """What became of a catalog: `refused` products the cluster would not take, `bad_lines` were skipped on demand."""

    index: str
    written: int
    refused: list[Mistake] = field(default_factory=list)
    bad_lines: list[Mistake] = field(default_factory=list)


def write_catalog(
    cluster: Cluster,
    catalog: Path,
    alias: str,
    vectors: tuple[VectorField, ...],
    *,
    skip_bad: bool = False,
    progress: Progress = silent,
) -> Indexed:
    """Writes every product's words; they can be found at once where the alias is this index's already, or new.

    InputError lists every wrong line before anything is written, unless `skip_bad`. Run again, it writes only what
    differs.
    """
    lines = JsonLines(catalog, Product)
    total, bad = lines.check()
    products = lines.read(skip_bad=skip_bad or not bad)  # checked already: a large file is not parsed for it again
    index = open_or_create(cluster, alias, vectors, catalog.parent)
    if aliased(cluster, alias) is None:
        switch_alias(cluster, alias, index.name)
    refused = [
        Mistake(f"product {id_}", error) for id_, error in _counted(index.put(products), total, progress) if error
    ]
    index.refresh()
    return Indexed(index.name, total - len(refused), refused, bad)


def embed_backlog(settings: Settings, cluster: Cluster, alias: str, index: str, *, progress: Progress = silent) -> None:
    """Has every product of `index` that lacks a current vector embedded, then points the alias to it.

    With a broker configured its workers do it; without one a worker of our own runs for the length of this call.
    Interrupted at any point, the next call goes on where the index says that vectors are lacking.
    """
    from workers.local import drain, local_worker

    products = ProductIndex(cluster, index)
    if products.backlog():
        if settings.broker_url:
            drain(products, progress=progress)
        else:
            with local_worker(settings) as worker:
                drain(products, worker=worker, progress=progress)
    switch_alias(cluster, alias, index)


def hand_over(settings: Settings, cluster: Cluster, index: str) -> int:
    """Sends the backlog to the workers of the configured broker and returns how many products that are.

    InputError without a broker: nobody would take the tasks.
    """
    from workers.tasks import send_backlog

    if not settings.broker_url:
        raise InputError("--no-wait", "needs workers that go on after this command: set LTR_BROKER_URL and start them")
    return send_backlog(ProductIndex(cluster, index))


def _counted(
    results: Iterator[tuple[str, str | None]], total: int, progress: Progress
) -> Iterator[tuple[str, str | None]]:
    for done, result in enumerate(results, start=1):
        if done % 200 == 0 or done == total:
            progress(done, total)
        yield result
