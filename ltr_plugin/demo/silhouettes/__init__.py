"""What each kind of product looks like: one function a shape, giving the pieces from back to front."""

from collections.abc import Callable

from ltr_plugin.demo.outlines import Part
from ltr_plugin.demo.silhouettes import accessories, clothing, furnishings, music, tableware, toys

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
        "dome": accessories.dome_umbrella,
        "parasol": accessories.flat_umbrella,
        "folded": accessories.folded_umbrella,
    },
    "backpack": {
        "school": accessories.school_backpack,
        "roll-top": accessories.rolltop_backpack,
        "flap": accessories.flap_backpack,
    },
    "headphones": {
        "over-ear": music.over_ear_headphones,
        "on-ear": music.on_ear_headphones,
        "headset": music.gaming_headset,
    },
    "guitar": {"acoustic": music.acoustic_guitar, "electric": music.electric_guitar, "ukulele": music.ukulele},
    "doorbell": {"button": toys.push_button, "panel": toys.wall_panel, "pull": toys.pull_bell},
    "music box": {
        "chest": toys.chest_music_box,
        "crank": toys.crank_music_box,
        "carousel": toys.carousel_music_box,
    },
    "toy": {"robot": toys.robot, "car": toys.car, "top": toys.spinning_top},
}
"""Kind to shape to silhouette."""
