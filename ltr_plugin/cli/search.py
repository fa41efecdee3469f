"""`ltr search` and `ltr explain`: one query, as a shopper asks it, and why a product has its place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, DefaultOf, IndexName, ProfileFile, open_index
from ltr_plugin.cli.page_options import FILTER_HELP, PICK_HELP, facet_lines, read_filters, read_picks
from ltr_plugin.cli.terminal.output import print_result

if TYPE_CHECKING:
    from ltr_plugin.cluster.facets import Bucket
    from ltr_plugin.cluster.search import Hit
    from ltr_plugin.pipelines.explain import Explanation

RANKERS = "bm25, vectors, first-pass, random, the model name of an uploaded ranker, or its folder"
NAME_WIDTH = 24
LANGUAGE_HELP = "Code of the query's language, of the profile's `languages`. Default: the first of them."


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
    language: Annotated[str | None, typer.Option(help=LANGUAGE_HELP)] = None,
    ranker: Annotated[
        str | None,
        typer.Option(help=f"What ranks the products: {RANKERS}. Default: the promoted ranker, without one bm25."),
    ] = None,
    start: Annotated[int, typer.Option("--from", min=0, help="Position of the first result.")] = 0,
    filters: Annotated[list[str] | None, typer.Option("--filter", help=FILTER_HELP)] = None,
    pick: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help=PICK_HELP)] = None,
    sort: Annotated[
        str | None,
        typer.Option(help="Sort by a number or date of the profile instead of ranking: NAME, or NAME:desc."),
    ] = None,
    facets: Annotated[bool, typer.Option("--facets", help="Also count the values of the profile's facets.")] = False,
    highlight: Annotated[bool, typer.Option("--highlight", help="Also print texts with the words marked.")] = False,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    log_features: Annotated[
        bool, typer.Option("--log-features", help="Also print the feature values that the ranker read.")
    ] = False,
    rules: Annotated[
        bool, typer.Option("--rules/--no-rules", help="Apply the rules that the cluster keeps for the index.")
    ] = True,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Search by text, photo, sound, video, or a mix of them; without any of these, browse all products."""
    from ltr_plugin.pipelines.search import reads_media
    from ltr_plugin.pipelines.search import search as search_products
    from ltr_plugin.pipelines.served_search import promoted_ranker

    index = open_index(name, profile)
    # a profile that is only tried has no ranker yet
    ranker = ranker or (None if profile else promoted_ranker(index)) or "bm25"
    media = {"image": image, "audio": audio, "video": video}
    result = search_products(
        index,
        text,
        image=image,
        audio=audio,
        video=video,
        language=language,
        ranker=ranker,
        size=size,
        start=start,
        filters=read_filters(filters, index.profile),
        sort=sort,
        facets=facets,
        highlight=highlight,
        log_features=log_features,
        rules=rules,
        pick=read_picks(pick),
    )
    given = [modality for modality, reference in media.items() if reference]
    if given and not reads_media(ranker):
        parts = " or ".join(f"--{modality}" for modality in given)
        hint = "choose --ranker vectors, or a trained one"
        typer.echo(f"ltr: {ranker} reads words alone, so {parts} changes nothing; {hint}", err=True)
    facts = [{"id": hit.id, "score": hit.score, **hit.source, **hit.features, **_shown(hit)} for hit in result]
    lines: list[str] = []
    for rank, hit in enumerate(result, start=start + 1):
        product = index.profile.read_product(hit.id, hit.source, language)
        price = f"  {product.price} {product.currency}" if product.price is not None else ""
        lines.append(f"{rank:>3}  {_score(hit.score):>9}  {hit.id}  {product.title}{price}")
        values = hit.features.get("features", {})
        lines += [f"{'':>16}{feature} {value:.4f}" for feature, value in values.items() if value]
        lines += [f"{'':>16}{path}: {_object(one)}" for path, objects in hit.matches.items() for one in objects]
        lines += [f"{'':>16}{field}: {' ... '.join(parts)}" for field, parts in hit.highlight.items()]
    counted = {name: [_bucket(one) for one in buckets] for name, buckets in result.facets.items()}
    print_result(
        {"ranker": ranker, "total": result.total, "hits": facts}
        | ({"facets": counted, "counted": result.counted} if facets else {}),
        "\n".join([*(lines or ["no product matches"]), *facet_lines(result), f"ranked by {ranker}"]),
        as_json=as_json,
    )


def _score(value: float) -> str:
    """A score, shortly where rules have made it great."""
    return f"{value:.4f}" if value < 1e5 else f"{value:.3e}"


def _object(one: Mapping[str, object]) -> str:
    """An object of a nested field on a line, such as `id 1-m, size M`."""
    return ", ".join(f"{key} {value}" for key, value in one.items() if not isinstance(value, dict))


def _shown(hit: "Hit") -> dict[str, object]:
    """What a hit has beside its product, where that was asked for."""
    return {name: value for name in ("highlight", "matches") if (value := getattr(hit, name))}


def _bucket(one: "Bucket") -> dict[str, object]:
    return {key: value for key, value in asdict(one).items() if value is not None}


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help='The typed words; "" for a query without words.')],
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Id of the product.")],
    ranker: Annotated[Path, typer.Option(help="Folder of the ranker.")],
    versus: Annotated[
        str | None, typer.Option(help="Id of another product: explain why the first ranks above or below it.")
    ] = None,
    image: Annotated[str | None, typer.Option(help="A photo: a file or a URL.")] = None,
    audio: Annotated[str | None, typer.Option(help="A sound: a file or a URL.")] = None,
    language: Annotated[str | None, typer.Option(help=LANGUAGE_HELP)] = None,
    pick: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help=PICK_HELP)] = None,
    saliency: Annotated[
        Path | None,
        typer.Option(help="Image file to write: the photo of the product, bright where it is like the query."),
    ] = None,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what each modality and each feature adds to the score of a product; the parts sum to the score exactly.

    It is the ranker's own score; a search shows it raised above 0, in the same order.
    """
    from ltr_plugin.pipelines.encode_queries import encode_one
    from ltr_plugin.pipelines.explain import explain as explain_products
    from ltr_plugin.pipelines.explain import saliency_overlay
    from ltr_plugin.queries.query import Query
    from ltr_plugin.validation import decode

    asked = {"id": "query", "text": text or None, "image": image, "audio": audio, "language": language}
    query = decode(Query, {**asked, "pick": read_picks(pick)}, source="ltr explain")
    index = open_index(name, profile)
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
