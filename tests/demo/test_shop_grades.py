from dataclasses import replace

import numpy as np
import pytest

from ltr_plugin.demo.judgments import NOISE_SHARE, Intent, grade, judge, with_noise
from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.products import draw_product
from ltr_plugin.demo.traits import Traits

MUG = Traits("mug", "round", "blue", "white", "striped", "ceramic", "kids", "Ovellin", "budget", quality=0.8)
STRIPED_BLUE = Intent("mug", {"colour": "blue", "pattern": "striped"})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 3),
        ({"material": "enamel", "use": "office"}, 3),  # not asked for
        ({"quality": 0.2}, 2),  # a full match that disappoints
        ({"colour": "navy"}, 2),  # near
        ({"pattern": "zigzag"}, 2),  # near
        ({"colour": "navy", "quality": 0.2}, 2),  # quality only counts among full matches
        ({"colour": "red"}, 1),
        ({"colour": "navy", "pattern": "zigzag"}, 0),  # nothing matches exactly
        ({"colour": "red", "pattern": "floral"}, 0),
        ({"kind": "bottle"}, 0),
    ],
)
def test_grade_of_a_product_for_a_striped_blue_mug(change, expected):
    assert grade(STRIPED_BLUE, replace(MUG, **change)) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, 3),
        ({"colour": "navy"}, 1),  # the only thing asked for is near
        ({"colour": "red"}, 0),
        ({"shape": "tapered", "colour": "blue"}, 2),
        ({"shape": "tapered"}, 1),
        ({"band": "middle", "use": "kids"}, 2),
        ({"band": "premium", "use": "kids"}, 1),
        ({"shape": "tapered", "pattern": "dotted", "colour": "blue"}, 1),
        ({"use": "office", "pattern": "dotted", "colour": "blue"}, 0),
    ],
)
def test_grade_of_one_mug_for_several_wishes(attributes, expected):
    assert grade(Intent("mug", attributes), MUG) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 3),
        ({"kind": "toy", "colour": "red"}, 3),  # whatever it is
        ({"quality": 0.2}, 2),
        ({"melody": "falling"}, 2),  # near
        ({"melody": "single"}, 1),
        ({"timbre": "chime"}, 1),  # near
        ({"timbre": "chime", "melody": "falling"}, 0),  # nothing matches exactly
        ({"timbre": "drum"}, 0),  # the same tune on a drum
        ({"timbre": "", "melody": ""}, 0),  # silent
    ],
)
def test_grade_for_a_shopper_who_plays_rising_bells(change, expected):
    clock = replace(MUG, kind="clock", timbre="bell", melody="rising")
    assert grade(Intent(None, {"timbre": "bell", "melody": "rising"}), replace(clock, **change)) == expected


def test_sound_with_a_word_counts_the_word_too():
    toy = replace(MUG, kind="toy", timbre="siren", melody="trill")
    heard = {"timbre": "siren", "melody": "trill"}
    assert grade(Intent("toy", heard), toy) == 3
    assert grade(Intent("clock", heard), toy) == 0
    assert grade(Intent(None, {**heard, "band": "middle"}), toy) == 2
    assert grade(Intent(None, {**heard, "brand": "Rookpine"}), toy) == 1


def test_nearness_has_no_direction():
    assert grade(Intent("mug", {"colour": "navy", "use": "kids"}), MUG) == 2
    assert grade(Intent("mug", {"colour": "blue", "use": "kids"}), replace(MUG, colour="navy")) == 2


def test_pool_holds_relevant_products_and_sampled_zeros():
    kinds = list(KINDS)
    products = [draw_product(n, kinds[n % len(kinds)], np.random.default_rng([9, n])) for n in range(320)]
    by_id = {product.id: product for product in products}
    intent = Intent("mug", {"colour": products[0].traits.colour})
    grades = judge(intent, products, np.random.default_rng(1))

    assert all(grade(intent, by_id[name].traits) == value for name, value in grades.items())
    assert {item.id for item in products if grade(intent, item.traits) > 0} <= set(grades)
    zeros = [by_id[name].traits.kind for name, value in grades.items() if value == 0]
    assert len(zeros) == 20
    assert zeros.count("mug") == 10


def test_half_of_the_zeros_of_a_sound_make_sounds_too():
    kinds = list(KINDS)
    products = [draw_product(n, kinds[n % len(kinds)], np.random.default_rng([9, n])) for n in range(320)]
    by_id = {product.id: product for product in products}
    grades = judge(Intent(None, {"timbre": "bell", "melody": "rising"}), products, np.random.default_rng(1))
    zeros = [bool(by_id[name].traits.timbre) for name, value in grades.items() if value == 0]
    assert (len(zeros), sum(zeros)) == (20, 10)
    assert all(by_id[name].traits.timbre for name, value in grades.items() if value > 0)


def test_noise_shifts_few_grades_by_one_and_keeps_the_range():
    before = {f"p{number}": number % 4 for number in range(4000)}
    after = with_noise(before, np.random.default_rng(2))
    shifts = np.array([after[name] - before[name] for name in before])
    assert set(after.values()) == {0, 1, 2, 3}
    assert set(shifts.tolist()) == {-1, 0, 1}
    assert 0.4 * NOISE_SHARE < np.mean(shifts != 0) <= 1.2 * NOISE_SHARE
