"""`ltr explain`: why a product has its score, and why it beats another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.printing import AsJson, IndexName, emit

if TYPE_CHECKING:
    from ltr_plugin.flows.explaining import Explanation

WIDTH = 24


def explain(
    text: Annotated[str, typer.Argument(help='The typed words; "" for a query without words.')],
    product: Annotated[str, typer.Argument(help="The product's id.")],
    ranker: Annotated[Path, typer.Option(help="The ranker's folder.")],
    versus: Annotated[str | None, typer.Option(help="Another product: why is the first one above or below it?")] = None,
    image: Annotated[str | None, typer.Option(help="A photo: a file or a URL.")] = None,
    audio: Annotated[str | None, typer.Option(help="A sound: a file or a URL.")] = None,
    saliency: Annotated[
        Path | None, typer.Option(help="Write the product's photo here, bright where it is like the query.")
    ] = None,
    name: IndexName = "products",
    as_json: AsJson = False,
) -> None:
    """Show what each modality and each feature adds to a product's score; the parts sum to it exactly."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.decoding import decode
    from ltr_plugin.flows.asking import ask_all
    from ltr_plugin.flows.explaining import explain as explanations
    from ltr_plugin.flows.explaining import likeness_picture
    from ltr_plugin.queries.query import Query
    from ltr_plugin.rankers.loading import load_ranker

    query = decode(Query, {"id": "query", "text": text or None, "image": image, "audio": audio}, source="ltr explain")
    index = ProductIndex(connect(), name)
    (asked,) = ask_all(index, [query], Path())
    found = explanations(index, load_ranker(ranker), asked, [product, *([versus] if versus else [])])
    if saliency:
        likeness_picture(index, asked, found[0].product).save(saliency)
    lines = _one(found[0]) if len(found) == 1 else _both(*found)
    emit({"products": [_facts(one) for one in found]}, "\n".join(lines), as_json=as_json)


def _facts(one: "Explanation") -> dict[str, object]:
    parts = one.attribution
    return {
        "id": one.product.id,
        "title": one.product.title,
        "score": parts.score,
        "base": parts.base,
        "modalities": parts.by_modality(),
        "features": {name: {"value": one.values[name], "adds": adds} for name, adds in parts.features.items()},
    }


def _one(one: "Explanation") -> list[str]:
    parts = one.attribution
    lines = [f"{one.product.id}  {one.product.title}", f"score {parts.score:.4f} = {parts.base:.4f} before it is seen"]
    for modality, total in sorted(parts.by_modality().items(), key=lambda pair: -abs(pair[1])):
        lines.append(f"  {modality:<{WIDTH}} {total:+.4f}")
        own = {name: adds for name, adds in parts.features.items() if parts.modalities[name] == modality and adds}
        for name, adds in sorted(own.items(), key=lambda pair: -abs(pair[1])):
            lines.append(f"    {name:<{WIDTH}} {adds:+.4f}  {_value(one.values[name])}")
    return lines


def _both(one: "Explanation", other: "Explanation") -> list[str]:
    ours, theirs = one.attribution, other.attribution
    lines = [f"{each.product.id}  {each.attribution.score:.4f}  {each.product.title}" for each in (one, other)]
    lines.append(f"difference {ours.score - theirs.score:+.4f}")
    difference, before = ours.versus(theirs), theirs.by_modality()
    by_modality = {name: value - before[name] for name, value in ours.by_modality().items()}
    for modality, total in sorted(by_modality.items(), key=lambda pair: -abs(pair[1])):
        lines.append(f"  {modality:<{WIDTH}} {total:+.4f}")
        own = {name: adds for name, adds in difference.items() if ours.modalities[name] == modality and adds}
        for name, adds in sorted(own.items(), key=lambda pair: -abs(pair[1])):
            values = f"{_value(one.values[name])} against {_value(other.values[name])}"
            lines.append(f"    {name:<{WIDTH}} {adds:+.4f}  {values}")
    return lines


def _value(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
