"""Options of `ltr search` that say what its page has: `--filter brand=Nordvik`, `--filter price=10..20`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.profile.index_profile import IndexProfile

if TYPE_CHECKING:
    from ltr_plugin.cluster.facets import Bucket
    from ltr_plugin.cluster.search import SearchResult

FILTER_HELP = (
    "Filter by a field of the profile: NAME=VALUE, repeated for any of several values, or NAME=MIN..MAX for numbers "
    "and dates, either of which may be left out; MIN..<MAX leaves MAX itself out."
)

PICK_HELP = "Pick objects by the key of a nested field of the profile, such as store=berlin for its price and stock."


def read_filters(given: Sequence[str] | None, profile: IndexProfile) -> dict[str, Any]:
    """The filters that `--filter` names, as `search` takes them; InputError lists all that cannot be read."""
    fields = {field.name: field for field in profile.filters}
    filters: dict[str, Any] = {}
    problems: list[Problem] = []
    for one in given or ():
        name, equals, value = one.partition("=")
        field = fields.get(name)
        try:
            if not equals:
                raise ValueError("write NAME=VALUE")
            if field and field.ordered:
                filters[name] = _range(value, is_number=field.type == "number")
            else:
                boolean = {"true": True, "false": False}.get(value) if field and field.type == "boolean" else None
                filters.setdefault(name, []).append(value if boolean is None else boolean)
        except ValueError as error:
            problems.append(Problem(one, str(error)))
    if problems:
        raise InputError("--filter", problems)
    return filters


def read_picks(given: Sequence[str] | None) -> dict[str, str]:
    """What `--pick` names, as `search` takes it; InputError for one that cannot be read."""
    pairs = [one.partition("=") for one in given or ()]
    if wrong := [Problem("".join(pair), "write KEY=VALUE") for pair in pairs if not pair[1]]:
        raise InputError("--pick", wrong)
    return {key: value for key, _, value in pairs}


def _range(value: str, *, is_number: bool) -> dict[str, Any]:
    low, dots, high = value.partition("..")
    end = "below" if high.startswith("<") else "max"
    bounds = {"min": low, end: high.removeprefix("<") if dots else low}
    try:
        return {name: (_number(bound) if is_number else bound) for name, bound in bounds.items() if bound}
    except ValueError:
        raise ValueError("is no range of numbers, such as 10..20, 10.., ..20 or 10..<20") from None


def _number(text: str) -> float:
    """A number; one without a fraction keeps all its digits."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def facet_lines(result: "SearchResult") -> list[str]:
    """The facets of a result, a line each, and what they count."""
    lines = [
        f"{name}: {', '.join(map(_describe, counted))}"
        for name, buckets in result.facets.items()
        if (counted := [bucket for bucket in buckets if bucket.count])
    ]
    return ["", *lines, f"(counted: {result.counted})"] if lines else []


def _describe(bucket: "Bucket") -> str:
    if bucket.value is not None:
        return f"{bucket.value} ({bucket.count})"
    low, high = (_end(end) for end in (bucket.low, bucket.high))
    return f"{low}..<{high} ({bucket.count})" if high else f"{low}.. ({bucket.count})"


def _end(end: str | float | None) -> str:
    return "" if end is None else f"{end:.15g}" if isinstance(end, float) else str(end)
