"""Help texts: whole sentences within 80 columns, few options, defaults from the code that they set."""

import re

import pytest
from ltr_command import ltr
from typer.main import get_command
from typer.testing import CliRunner

from ltr_plugin.cli import VERBS, app
from ltr_plugin.errors import InputError
from ltr_plugin.rankers.registry import KINDS
from ltr_plugin.rankers.trainers import get_trainer

COMMON = {"--index", "-i", "--json", "--help"}
MAX_OPTIONS = 8
MORE_OPTIONS = {("index", "create"): 13, ("index", "embed"): 14, ("search",): 15, ("serve",): 10}
"""Of verbs that do more than one thing: all of a new index, indices of ours and of shops, and all of a search."""


def all_verbs():
    """(words, command) of each verb and group."""
    waiting = [((), get_command(app))]
    while waiting:
        words, command = waiting.pop()
        yield words, command
        if hasattr(command, "list_commands"):
            waiting += [((*words, name), command.get_command(None, name)) for name in command.list_commands(None)]


ALL_VERBS = dict(all_verbs())


def test_the_overview_names_every_verb_with_a_whole_sentence_in_80_columns():
    code, out, _ = ltr("--help", COLUMNS="80")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "..." not in out.partition("Commands:")[2]
    entries = re.findall(r"^  (\w+)  +((?:.+\n(?:    .+\n)*))", out.partition("Commands:")[2], re.MULTILINE)
    assert [name for name, _ in entries] == list(VERBS)
    assert all(text.strip().endswith(".") for _, text in entries)


@pytest.mark.parametrize("words", ALL_VERBS, ids=" ".join)
def test_a_verb_has_few_options_and_each_is_described(words):
    command = ALL_VERBS[words]
    shown = CliRunner().invoke(app, [*words, "--help"], terminal_width=80)
    assert shown.exit_code == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert not re.search(r"\w…|\w\.\.\.$", shown.stdout, re.MULTILINE)
    options = [one for one in command.params if one.param_type_name == "option" and not COMMON & set(one.opts)]
    if words:
        assert len(options) <= MORE_OPTIONS.get(words, MAX_OPTIONS)
    for one in command.params:
        made_of_a_setting = words[:1] == ("train",) and not one.help
        assert made_of_a_setting or one.help[0].isupper() or one.help.startswith("int8"), one.name
        assert made_of_a_setting or one.help.endswith("."), one.name


@pytest.mark.parametrize("kind", KINDS)
def test_training_options_are_those_of_the_settings_class(kind):
    settings_type, _ = get_trainer(kind)
    fields = settings_type.model_fields
    options = {one.name: one.default for one in ALL_VERBS["train", kind].params if one.name in fields}
    assert options == {name: fields[name].default for name in options}
    assert options


def test_a_function_s_own_default_is_shown():
    shown = CliRunner().invoke(app, ["features", "log", "--help"], terminal_width=80).stdout
    assert "[default: 20; x>=0]" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("words", "new"),
    [
        (["push", "runs/ranker"], "ltr ranker push"),
        (["promote", "runs/ranker"], "ltr ranker promote"),
        (["rollback"], "ltr ranker rollback"),
        (["index", "catalog.jsonl"], "ltr catalog put"),
        (["index", "-", "--index", "shop"], "ltr catalog put"),
        (["index", "--index", "shop", "--status"], "ltr index status"),
        (["index", "--watch", "incoming"], "ltr catalog watch"),
        (["index", "catalog.jsonl", "--replace"], "ltr index create --from"),
    ],
)
def test_a_verb_of_an_earlier_release_is_refused_with_the_new_one(words, new):
    refused = CliRunner().invoke(app, words).exception
    assert isinstance(refused, InputError)
    assert str(refused).endswith(f"this command is now `{new}`")


def test_an_unknown_verb_is_wrong_usage():
    code, _, err = ltr("index", "stauts")
    assert code == 2
    assert "No such command 'stauts'" in err
