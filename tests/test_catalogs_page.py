"""What docs/catalogs.md shows works as it stands there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel
from ltr_plugin.catalog.product import Product
from ltr_plugin.cli import app

PAGE = (Path(__file__).parents[1] / "docs" / "catalogs.md").read_text()
COMMANDS = [
    shlex.split(command, comments=True) for command in re.findall(r"^    (?:[\w-]+ \| )?(ltr .*)$", PAGE, re.MULTILINE)
]


def test_the_records_are_what_the_text_says():
    whole, update, gone = (json.loads(line) for line in re.findall(r"^    (\{.*\})$", PAGE, re.MULTILINE))
    product = CatalogEntry.model_validate(whole)
    assert product.model_dump(exclude={"deleted"}) == Product.model_validate(whole).model_dump()
    changed = ProductUpdateModel.model_validate(update).apply_to(Product.model_validate(whole | {"ean": ["400638"]}))
    assert (changed.price, changed.stats, changed.ean, changed.images) == (9.9, {"rating": 4.4}, (), product.images)
    assert CatalogEntry.model_validate(gone).deleted
    assert ProductUpdateModel.model_validate(gone).deleted


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_the_options_that_it_is_shown_with(words):
    group = get_command(app).get_command(None, words[1])
    group.get_command(None, words[2]).make_context(words[2], words[3:])


def test_there_are_commands():
    assert len(COMMANDS) > 12


def test_the_program_compiles_and_calls_what_is_there():
    from ltr_plugin.pipelines.catalog_client import CatalogClient

    program = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
    compile(program, "catalogs.md", "exec")
    called = set(re.findall(r"shop\.(\w+)", program))
    assert called == {"put", "update", "delete"} <= set(dir(CatalogClient))
