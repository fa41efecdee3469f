"""Products with a text, a photo, an audio clip and a video each, all different, and small encoders for them."""

import io
import json
import random
import wave
from pathlib import Path

import numpy as np
from PIL import Image

from ltr_plugin.catalog.vectors import VectorField

VOCABULARY = ("red", "striped", "small", "wooden", "mug", "chair", "lamp", "drum", "bell", "kettle")


def write_catalog(folder: Path, products: int, seed: int) -> Path:
    """The catalog file, written unless it exists."""
    catalog = folder / f"catalog-{products}.jsonl"
    if catalog.exists():
        return catalog
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    lines = []
    for number in range(products):
        colour = tuple(rng.randrange(256) for _ in range(3))
        Image.new("RGB", (40, 40), colour).save(folder / f"{number}.png")
        (folder / f"{number}.wav").write_bytes(_tone(rng.uniform(200, 2000)))
        (folder / f"{number}.mp4").write_bytes(_video(colour))
        title = " ".join(rng.sample(VOCABULARY, 3))
        media = {"images": [f"{number}.png"], "audio": [f"{number}.wav"], "video": [f"{number}.mp4"]}
        lines.append(json.dumps({"id": f"p{number}", "title": f"{title} {number}", **media}))
    catalog.write_text("\n".join(lines) + "\n")
    return catalog


def write_encoder(folder: Path) -> Path:
    """A folder with a small encoder of text and photos with random weights."""
    if not folder.exists():
        import torch

        from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder, small_config

        torch.manual_seed(7)
        config = small_config(32)
        save_encoder(folder, build_model(config), config, {"name": "chaos"})
    return folder


def vector_fields(encoder: Path) -> tuple[VectorField, ...]:
    """At least one field for every modality."""
    from ltr_plugin.encoders import vector_fields as fields_of

    photos = f"open_clip:{encoder}"
    return fields_of(text=photos, image=photos, audio="spectral:log-mel", video=[photos])


def _tone(frequency_hz: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((np.sin(np.arange(4800) * frequency_hz / 16000 * 2 * np.pi) * 9999).astype("<i2").tobytes())
    return buffer.getvalue()


def _video(colour: tuple[int, ...]) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 48, 48, "yuv420p"
        for step in range(8):
            pixels = np.full((48, 48, 3), colour, np.uint8)
            pixels[:, : 6 * step] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()
