"""What the README and the documentation show works as it stands there."""

import ast
import importlib.util
import json
import re
import shlex
import textwrap
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

import ltr_plugin
from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.product_types import product_types
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cli import app
from ltr_plugin.features.feature_set import FeatureSet

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))}
PAGES["README.md"] = README
CATALOGS = PAGES["docs/catalogs.md"]


def commands(text):
    """The `ltr` commands of a page's code blocks, without what is piped into them."""
    joined = re.sub(r"\\\n\s+", "", text)
    found = re.findall(r"^ {4,8}(?:.* \| )?(ltr [^\n]*)$", joined, re.MULTILINE)
    return [
        shlex.split(line.rstrip(" &").removesuffix("; done"), comments=True) for line in found if " ... " not in line
    ]


COMMANDS = [
    pytest.param(words, id=f"{page}: {' '.join(words)}") for page, text in PAGES.items() for words in commands(text)
]
PROGRAMS = [
    pytest.param(block, id=f"{page}: {block.strip().splitlines()[-1]}")
    for page, text in PAGES.items()
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
]


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_the_options_that_it_is_shown_with(words, tmp_path, monkeypatch):
    (tmp_path / "incoming").mkdir()  # the one folder that a shown command wants to be there
    monkeypatch.chdir(tmp_path)
    command, rest = get_command(app), words[1:]
    while hasattr(command, "list_commands"):
        assert rest[0] in command.list_commands(None)
        command = command.get_command(None, rest.pop(0))
    command.make_context(words[0], rest)


def test_there_are_commands_and_programs():
    assert len(COMMANDS) > 40
    assert len(PROGRAMS) > 6


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_compiles_and_imports_public_names(program):
    tree = ast.parse(textwrap.dedent(program))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in imported} <= {"ltr_plugin"}
    assert {alias.name for node in imported for alias in node.names} <= set(ltr_plugin.__all__)


@pytest.mark.parametrize("page", ["docs/feature-sets.md", "docs/tutorials/search-team.md"])
def test_feature_sets_are_valid(page):
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGES[page], re.DOTALL)
    assert len(FeatureSet.model_validate(yaml.safe_load(text)).features) == 5


@pytest.mark.parametrize("page", ["README.md", "docs/tutorials/storefront.md"])
def test_storefront_requests_are_json(page):
    text = re.search(r"```http\nPOST \S+\n\n(.*?)```", PAGES[page], re.DOTALL).group(1)
    assert json.loads(text)["params"] == {"text": "striped mug", "size": 20}


def test_records_are_what_the_text_says():
    records = [json.loads(line) for line in re.findall(r"^    (\{\".*\})$", CATALOGS, re.MULTILINE)]
    whole, update, one_store, gone_store, gone, late_update, late_gone, reviewed = records
    product = CatalogEntry.model_validate(whole)
    assert product.model_dump(exclude={"deleted"}) == Product.model_validate(whole).model_dump()
    changed = ProductUpdateModel.model_validate(update).apply_to(whole | {"ean": ["400638"]})
    assert (changed.price, changed.stats, changed.ean, changed.images) == (9.9, {"rating": 4.4}, (), product.images)
    profile = next(text for text in re.findall(r"```yaml\n(.*?)```", CATALOGS, re.DOTALL) if "stores.stock" in text)
    types = product_types(CatalogSchema.model_validate(yaml.safe_load(profile)))
    fields = {"id": "4711", "title": "Rain jacket", "stores": [{"store": "berlin", "stock": 1}]}
    for patch, stores in ((one_store, ["berlin", "hamburg"]), (gone_store, ["hamburg"])):
        product = types.update.model_validate(patch).apply_to(fields, types.product)
        fields = product.model_dump(mode="json", exclude_defaults=True)
        assert [one["store"] for one in fields["stores"]] == stores
        assert fields["variants"] == [{"id": "4711-m", "price": 12}]
    assert [one.rating for one in CatalogEntry.model_validate(reviewed).reviews] == [5, 2]
    assert CatalogEntry.model_validate(gone).deleted
    assert ProductUpdateModel.model_validate(gone).deleted
    assert ProductUpdateModel.model_validate(late_update).changed < CatalogEntry.model_validate(late_gone).changed


@pytest.mark.parametrize("page", PAGES)
def test_pages_have_what_the_code_and_the_results_say(page):
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generate)
    assert generate.fill(PAGES[page]) == PAGES[page]  # else: python docs/generate.py


def test_every_linked_heading_exists():
    for page, text in PAGES.items():
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", text):
            linked = (ROOT / page).parent.joinpath(target) if target else ROOT / page
            headings = re.findall(r"^#+ (.+)$", linked.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, (page, target, anchor)


def test_every_linked_file_exists_and_the_readme_is_short():
    for page, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (ROOT / page).parent.joinpath(target).exists(), (page, target)
    assert len(README.splitlines()) <= 120
