"""`ltr search`: one query, as a shopper asks it."""

from typing import Annotated

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, DefaultOf, IndexName
from ltr_plugin.cli.output import print_result

RANKERS = "bm25, vectors, random, the model name of an uploaded ranker, or its folder"


def search(
    size: Annotated[
        int,
        typer.Option(
            min=1, max=100, default_factory=DefaultOf("pipelines.search:search", "size"),
            help="Number of results.",
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The typed words.")] = "",
    image: Annotated[str | None, typer.Option(help="A photo: a file or a URL.")] = None,
    audio: Annotated[str | None, typer.Option(help="A sound: a file or a URL.")] = None,
    video: Annotated[str | None, typer.Option(help="A video: a file or a URL.")] = None,
    ranker: Annotated[str, typer.Option(help=f"What ranks the products: {RANKERS}.")] = "bm25",
    name: IndexName = DEFAULT_INDEX,
    log_features: Annotated[
        bool, typer.Option("--log-features", help="Also print the feature values that the ranker read.")
    ] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Search by text, photo, sound, video, or a mix of them."""
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.search import reads_media
    from ltr_plugin.pipelines.search import search as search_products

    index = Index.open(connect(), name)
    media = {"image": image, "audio": audio, "video": video}
    hits = search_products(index, text, **media, ranker=ranker, size=size, log_features=log_features)
    given = [modality for modality, reference in media.items() if reference]
    if given and not reads_media(ranker):
        parts = " or ".join(f"--{modality}" for modality in given)
        hint = "choose --ranker vectors, or a trained one"
        typer.echo(f"ltr: {ranker} reads words alone, so {parts} changes nothing; {hint}", err=True)
    facts = [{"id": hit.id, "score": hit.score, **hit.source, **hit.features} for hit in hits]
    lines: list[str] = []
    for rank, hit in enumerate(hits, start=1):
        product = index.profile.product.product(hit.id, hit.source)
        price = f"  {product.price} {product.currency}" if product.price is not None else ""
        lines.append(f"{rank:>3}  {hit.score:>9.4f}  {hit.id}  {product.title}{price}")
        values = hit.features.get("features", {})
        lines += [f"{'':>16}{feature} {value:.4f}" for feature, value in values.items() if value]
    print_result({"ranker": ranker, "hits": facts}, "\n".join(lines) or "no product matches", as_json=as_json)
