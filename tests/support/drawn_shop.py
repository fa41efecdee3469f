"""A small shop of drawn things, whose photos and titles say their colour and shape."""

import json
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = ("red", "green", "blue", "orange", "purple", "black")
SHAPES = ("round", "square", "striped")


def draw(colour: str, shape: str, backdrop: str, shift: int) -> Image.Image:
    image = Image.new("RGB", (48, 48), backdrop)
    pen, box = ImageDraw.Draw(image), (8 + shift, 8, 36 + shift, 36)
    if shape == "round":
        pen.ellipse(box, fill=colour)
    elif shape == "square":
        pen.rectangle(box, fill=colour)
    else:
        for top in range(8, 36, 8):
            pen.rectangle((box[0], top, box[2], top + 3), fill=colour)
    return image


def write_shop(root: Path) -> Path:
    """Eighteen products with a photo each, and a customer's photo of each as a query with a judgment."""
    catalog, queries, qrels = [], [], []
    for colour in COLOURS:
        for shape in SHAPES:
            id_ = f"{colour}-{shape}"
            draw(colour, shape, "white", 0).save(root / f"{id_}.png")
            draw(colour, shape, "tan", 3).save(root / f"{id_}-seen.png")
            catalog.append({"id": id_, "title": f"{colour} {shape} thing", "images": [f"{id_}.png"]})
            queries.append({"id": f"q-{id_}", "image": f"{id_}-seen.png"})
            qrels += (
                [f"q-{id_} 0 {id_} 3", f"q-{id_} 0 {colour}-round 1"] if shape != "round" else [f"q-{id_} 0 {id_} 3"]
            )
    (root / "catalog.jsonl").write_text("\n".join(map(json.dumps, catalog)))
    (root / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (root / "qrels.txt").write_text("\n".join(qrels))
    return root
