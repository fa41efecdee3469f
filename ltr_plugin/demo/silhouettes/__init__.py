"""What each kind of product looks like: one function a shape, giving the pieces from back to front."""

from collections.abc import Callable

from ltr_plugin.demo.outlines import Part
from ltr_plugin.demo.silhouettes import carried, clothing, furnishings, ringing, sound, tableware

SILHOUETTES: dict[str, dict[str, Callable[[], list[Part]]]] = {
    "mug": {"straight": tableware.straight_mug, "round": tableware.round_mug, "tapered": tableware.tapered_mug},
    "teapot": {"round": tableware.round_teapot, "tall": tableware.tall_teapot, "flat": tableware.flat_teapot},
    "bottle": {"slim": tableware.slim_bottle, "wide": tableware.wide_bottle, "flask": tableware.flask},
    "pot": {"tapered": tableware.tapered_pot, "round": tableware.round_pot, "footed": tableware.footed_pot},
    "lamp": {"cone": furnishings.cone_lamp, "drum": furnishings.drum_lamp, "desk": furnishings.desk_lamp},
    "chair": {"dining": furnishings.dining_chair, "armchair": furnishings.armchair, "stool": furnishings.stool},
    "clock": {
        "round": furnishings.round_clock,
        "square": furnishings.square_clock,
        "sunburst": furnishings.sunburst_clock,
    },
    "cushion": {
        "square": furnishings.square_cushion,
        "round": furnishings.round_cushion,
        "long": furnishings.long_cushion,
    },
    "rug": {
        "rectangular": furnishings.rectangular_rug,
        "round": furnishings.round_rug,
        "runner": furnishings.runner_rug,
    },
    "sneaker": {"low": clothing.low_sneaker, "high": clothing.high_sneaker, "slip-on": clothing.slip_on},
    "shirt": {
        "short-sleeved": clothing.short_sleeved_shirt,
        "long-sleeved": clothing.long_sleeved_shirt,
        "sleeveless": clothing.tank_top,
    },
    "scarf": {"long": clothing.long_scarf, "loop": clothing.loop_scarf, "bandana": clothing.bandana},
    "umbrella": {
        "dome": carried.dome_umbrella,
        "parasol": carried.flat_umbrella,
        "folded": carried.folded_umbrella,
    },
    "backpack": {
        "school": carried.school_backpack,
        "roll-top": carried.rolltop_backpack,
        "flap": carried.flap_backpack,
    },
    "headphones": {
        "over-ear": sound.over_ear_headphones,
        "on-ear": sound.on_ear_headphones,
        "headset": sound.gaming_headset,
    },
    "guitar": {"acoustic": sound.acoustic_guitar, "electric": sound.electric_guitar, "ukulele": sound.ukulele},
    "doorbell": {"button": ringing.push_button, "panel": ringing.wall_panel, "pull": ringing.pull_bell},
    "music box": {
        "chest": ringing.chest_music_box,
        "crank": ringing.crank_music_box,
        "carousel": ringing.carousel_music_box,
    },
    "toy": {"robot": ringing.robot, "car": ringing.car, "top": ringing.spinning_top},
}
"""Kind to shape to silhouette."""
