"""What the README shows works as it stands there."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from ltr_plugin.catalog.product import Product
from ltr_plugin.cli import app
from ltr_plugin.features.feature_set import FeatureSet

README = (Path(__file__).parents[1] / "README.md").read_text()
COMMANDS = [
    shlex.split(line, comments=True)
    for line in re.sub(r"\\\n\s+", "", README).splitlines()
    if line.startswith("    ltr ")
]


def test_the_product_is_one():
    line = re.search(r'\{"id": "4711".*?\}\}\n', README, re.DOTALL).group()
    assert Product.model_validate(json.loads(line)).images == ("photos/4711.jpg",)


def test_the_feature_set_is_one():
    text = re.search(r"```yaml\n(.*?)```", README, re.DOTALL).group(1)
    assert FeatureSet.model_validate(yaml.safe_load(text)).feature_names[-1] == "both"


def test_the_storefront_request_is_json():
    text = re.search(r"```http\nPOST \S+\n\n(.*?)```", README, re.DOTALL).group(1)
    assert json.loads(text)["params"]["text"] == "striped mug"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_the_options_that_it_is_shown_with(words):
    command = get_command(app)
    rest = words[1:]
    while hasattr(command, "list_commands"):
        command = command.get_command(None, rest.pop(0))
    command.make_context(words[0], rest)


def test_every_room_of_the_table_exists():
    rooms = re.findall(r"^\| (`.*?`) \|", README, re.MULTILINE)
    folders = [name for cell in rooms for name in re.findall(r"`(.*?)`", cell)]
    assert len(folders) > 10
    assert all((Path(__file__).parents[1] / folder).is_dir() for folder in folders)
