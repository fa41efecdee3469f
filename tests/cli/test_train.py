"""`ltr train` offers what the rankers' settings have, with the same defaults."""

import inspect

import pytest

from ltr_plugin.cli import train
from ltr_plugin.rankers.trainers import TRAINERS, get_trainer


@pytest.mark.parametrize("kind", TRAINERS)
def test_options_have_the_defaults_of_the_settings(kind):
    settings_type, _ = get_trainer(kind)
    offered = inspect.signature(getattr(train, kind)).parameters
    shared = {name: option.default for name, option in offered.items() if name in settings_type.model_fields}
    assert shared == {name: settings_type.model_fields[name].default for name in shared}
    assert shared
