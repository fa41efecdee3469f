import numpy as np
import pytest

from ltr_plugin.demo import appearance
from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.language import ENGLISH
from ltr_plugin.demo.painting import CANVAS_PX, Surface, paint
from ltr_plugin.demo.patterns import PATTERNS as DRAWN_PATTERNS
from ltr_plugin.demo.silhouettes import SILHOUETTES
from ltr_plugin.demo.traits import COLOURS, PATTERNS, Traits

LIGHT = (-0.5, -0.6, 0.8)


def traits(**change: str) -> Traits:
    values = {"kind": "mug", "shape": "round", "colour": "blue", "second_colour": "white", "pattern": "plain"}
    return Traits(**{**values, **change}, material="ceramic", use="kids", brand="Ovellin", band="budget", quality=0.5)


def painted(item: Traits) -> np.ndarray:
    return paint(
        appearance.silhouette(item), appearance.surface(item, np.random.default_rng(0)), LIGHT, np.random.default_rng(1)
    )


def test_every_kind_shape_colour_and_pattern_has_words_and_a_drawing():
    assert set(KINDS) == set(SILHOUETTES)
    assert all(set(ENGLISH.kinds[kind].shapes) == set(shapes) for kind, shapes in SILHOUETTES.items())
    assert set(PATTERNS) == set(DRAWN_PATTERNS)
    assert set(COLOURS) <= set(appearance.SHADES)


@pytest.mark.parametrize(("kind", "shape"), [(kind, shape) for kind, shapes in SILHOUETTES.items() for shape in shapes])
def test_silhouette_fills_a_good_part_of_the_canvas_and_stays_inside(kind, shape):
    cover = painted(traits(kind=kind, shape=shape))[..., 3]
    assert 0.04 < cover.mean() < 0.75
    assert cover[0].max() == cover[-1].max() == cover[:, 0].max() == cover[:, -1].max() == 0


@pytest.mark.parametrize("pattern", [name for name in PATTERNS if name != "plain"])
def test_pattern_shows_the_second_colour_without_hiding_the_first(pattern):
    place = np.linspace(0, 4, 200, dtype=np.float32)
    second, _ = DRAWN_PATTERNS[pattern](*np.meshgrid(place, place))
    assert 0.1 < second.mean() < 0.6
    assert second.min() == 0
    assert second.max() == 1


def test_colours_of_the_photo_follow_the_attribute():
    red, blue = (painted(traits(colour=colour)) for colour in ("red", "blue"))
    inside = red[..., 3] == 1
    assert red[inside][:, 0].mean() > red[inside][:, 2].mean() + 0.2
    assert blue[inside][:, 2].mean() > blue[inside][:, 0].mean() + 0.2


def test_light_from_the_left_makes_the_left_brighter():
    item = traits(shape="straight")
    surface = Surface(appearance.surface(item, np.random.default_rng(0)).colours, gloss=0)
    canvas = paint(appearance.silhouette(item), surface, (-1, 0, 0.3), np.random.default_rng(1))
    row = canvas[CANVAS_PX // 2, :, :]
    body = np.flatnonzero(row[:, 3] == 1)
    assert row[body[5:40], :3].mean() > row[body[120:160], :3].mean()
