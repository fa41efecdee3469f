"""`ltr search`: one query, as a shopper asks it."""

from typing import Annotated

import typer

from ltr_plugin.cli.output import AsJson, IndexName, print_result


def search(
    text: Annotated[str, typer.Argument(help="The typed words.")] = "",
    image: Annotated[str | None, typer.Option(help="A photo: a file or a URL.")] = None,
    audio: Annotated[str | None, typer.Option(help="A sound: a file or a URL.")] = None,
    video: Annotated[str | None, typer.Option(help="A video: a file or a URL.")] = None,
    ranker: Annotated[str, typer.Option(help="bm25, vectors, random, a model's name, or a ranker's folder.")] = "bm25",
    name: IndexName = "products",
    size: Annotated[int, typer.Option(min=1, max=100, help="How many results.")] = 10,
    explain: Annotated[bool, typer.Option(help="Show the features that the model saw.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search by words, photo, sound, video, or a mix."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.search import resolve_ranking, search_products
    from ltr_plugin.queries.query import Query
    from ltr_plugin.validation import decode

    asked = {"id": "query", "text": text or None, "image": image, "audio": audio, "video": video}
    query = decode(Query, asked, source="ltr search")
    index = Index(connect(), name)
    hits = search_products(index, query, resolve_ranking(index, ranker), size=size, log=explain)
    facts = [{"id": hit.id, "score": hit.score, **hit.source, **hit.features} for hit in hits]
    lines: list[str] = []
    for place, hit in enumerate(hits, start=1):
        price = f"  {hit.source['price']} {hit.source.get('currency', '')}" if "price" in hit.source else ""
        lines.append(f"{place:>3}  {hit.score:>9.4f}  {hit.id}  {hit.source.get('title', '')}{price}")
        seen = hit.features.get("features", {})
        lines += [f"{'':>16}{name} {value:.4f}" for name, value in seen.items() if value]
    print_result({"ranker": ranker, "hits": facts}, "\n".join(lines) or "nothing found", as_json=as_json)
