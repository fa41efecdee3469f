"""`ltr explain`: why a product has its score, and why it ranks above or below another."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, IndexName
from ltr_plugin.cli.output import print_result

if TYPE_CHECKING:
    from ltr_plugin.pipelines.explain import Explanation

NAME_WIDTH = 24


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help='The typed words; "" for a query without words.')],
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Id of the product.")],
    ranker: Annotated[Path, typer.Option(help="Folder of the ranker.")],
    versus: Annotated[
        str | None, typer.Option(help="Id of another product: explain why the first ranks above or below it.")
    ] = None,
    image: Annotated[str | None, typer.Option(help="A photo: a file or a URL.")] = None,
    audio: Annotated[str | None, typer.Option(help="A sound: a file or a URL.")] = None,
    saliency: Annotated[
        Path | None,
        typer.Option(help="Image file to write: the photo of the product, bright where it is like the query."),
    ] = None,
    name: IndexName = DEFAULT_INDEX,
    as_json: AsJson = False,
) -> None:
    """Show what each modality and each feature adds to the score of a product; the parts sum to the score exactly.

    It is the ranker's own score; a search shows it raised above 0, in the same order.
    """
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.encode_queries import encode_one
    from ltr_plugin.pipelines.explain import explain as explain_products
    from ltr_plugin.pipelines.explain import saliency_overlay
    from ltr_plugin.queries.query import Query
    from ltr_plugin.validation import decode

    query = decode(Query, {"id": "query", "text": text or None, "image": image, "audio": audio}, source="ltr explain")
    index = Index.open(connect(), name)
    encoded = encode_one(index, query)
    explanations = explain_products(index, ranker, encoded, [product, *([versus] if versus else [])])
    if saliency:
        saliency_overlay(index, encoded, explanations[0].product).save(saliency)
    lines = _describe_one(explanations[0]) if len(explanations) == 1 else _describe_difference(*explanations)
    print_result({"products": [_facts(one) for one in explanations]}, "\n".join(lines), as_json=as_json)


def _facts(one: "Explanation") -> dict[str, object]:
    parts = one.attribution
    return {
        "id": one.product.id,
        "title": one.product.title,
        "score": parts.score,
        "base_value": parts.base_value,
        "modalities": parts.by_modality(),
        "features": {name: {"value": one.values[name], "adds": adds} for name, adds in parts.features.items()},
    }


def _describe_one(one: "Explanation") -> list[str]:
    parts = one.attribution
    head = [
        f"{one.product.id}  {one.product.title}",
        f"score {parts.score:.4f} = {parts.base_value:.4f} for a typical product, plus:",
    ]
    return [*head, *_contributions(parts.features, parts.modalities, lambda name: _value(one.values[name]))]


def _describe_difference(one: "Explanation", other: "Explanation") -> list[str]:
    ours, theirs = one.attribution, other.attribution
    head = [f"{each.product.id}  {each.attribution.score:.4f}  {each.product.title}" for each in (one, other)]
    head.append(f"difference {ours.score - theirs.score:+.4f}")
    values = {name: f"{_value(one.values[name])} against {_value(other.values[name])}" for name in one.values}
    return [*head, *_contributions(ours.versus(theirs), ours.modalities, lambda name: values[name])]


def _contributions(
    adds: Mapping[str, float], modalities: Mapping[str, str], describe_value: Callable[[str], str]
) -> Iterator[str]:
    """What each modality adds, the largest first, and below it what each of its features adds; zeros are left out."""
    by_modality: dict[str, dict[str, float]] = {}
    for name, value in adds.items():
        if value:
            by_modality.setdefault(modalities[name], {})[name] = value
    for modality, features in sorted(by_modality.items(), key=lambda pair: -abs(sum(pair[1].values()))):
        yield f"  {modality:<{NAME_WIDTH}}   {sum(features.values()):+.4f}"
        for name, value in sorted(features.items(), key=lambda pair: -abs(pair[1])):
            yield f"    {name:<{NAME_WIDTH}} {value:+.4f}  {describe_value(name)}"


def _value(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
