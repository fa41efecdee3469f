"""`ltr train` offers what the rankers' settings have, with the same defaults."""

import inspect

import pytest

from ltr_plugin.cli import train
from ltr_plugin.rankers.trainers import TRAINERS, trainer_of


@pytest.mark.parametrize("kind", TRAINERS)
def test_options_have_the_defaults_of_the_settings(kind):
    form, _ = trainer_of(kind)
    offered = inspect.signature(getattr(train, kind)).parameters
    shared = {name: option.default for name, option in offered.items() if name in form.model_fields}
    assert shared == {name: form.model_fields[name].default for name in shared}
    assert shared
