"""The jobs of `benchmarks.run.embed`: products of one modality each, with their encoder.

Except for the bundled encoders, weights are random, which costs the same time.
"""

import random
import time
import wave
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, load_encoder, nano_e5
from ltr_plugin.encoders.export.export import export
from ltr_plugin.encoders.registry import DEFAULT_PHOTO_ENCODER
from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.media.openers import OPENERS

VOCABULARY = (
    "red",
    "striped",
    "mug",
    "handle",
    "cotton",
    "shirt",
    "kids",
    "oak",
    "chair",
    "lamp",
    "steel",
    "wool",
    "scarf",
)


FILES = 2048
"""Further products use the same files again, at least eight tasks apart."""


@dataclass(frozen=True)
class Job:
    """Products of one modality and the name of their encoder."""

    name: str
    source: Modality
    unit: str
    products: Sequence[Product]
    spec: str

    @property
    def items(self) -> list[str]:
        """A text or a file per product."""
        return [one.embedding_text() if self.source == "text" else one.media(self.source)[0] for one in self.products]


@dataclass(frozen=True)
class JobKind:
    """A job before its products are made: `make` returns a number of them, `spec` the name of the encoder."""

    name: str
    source: Modality
    unit: str
    make: Callable[[int], Sequence[Product]]
    spec: Callable[[], str]

    def job(self, folder: Path, seconds: float, most: int) -> Job:
        """The job with as many products as the encoder alone takes about `seconds` for, at most `most`."""
        spec = self.spec()
        encoder = load_encoder(spec)
        few = Job(self.name, self.source, self.unit, self.make(encoder.batch_size), spec)
        ready = [encoder.prepare(self.source, OPENERS[self.source](folder, item)) for item in few.items]
        ready = list(islice(cycle(ready), max(256, encoder.batch_size)))  # enough to choose its batch size
        encoder.encode(self.source, ready)
        began = time.perf_counter()
        encoder.encode(self.source, ready)
        count = min(most, round(seconds * len(ready) / (time.perf_counter() - began)))
        return replace(few, products=self.make(max(count, encoder.batch_size)))


def job_kinds(folder: Path, data: Path | None) -> list[JobKind]:
    """All jobs: the texts of a real catalog only with a `data` folder, the largest model only on a GPU."""
    import torch

    def minilm() -> str:
        return DEFAULT_TEXT_ENCODER

    kinds = [
        JobKind("photos", "image", "photos", partial(photos, folder), partial(vit, folder, "ViT-B-32")),
        JobKind("large", "image", "photos", partial(photos, folder), partial(vit, folder, "ViT-B-16")),
        JobKind("titles", "text", "titles", texts, minilm),
        JobKind("descriptions", "text", "descriptions", partial(texts, lengths=[120]), minilm),
        JobKind("multilingual", "text", "titles", texts, lambda: f"{nano_e5.LIBRARY.name}:{nano_e5.LIBRARY.example}"),
        JobKind("efficientnet", "image", "photos", partial(photos, folder), lambda: DEFAULT_PHOTO_ENCODER),
        JobKind("onnx", "image", "photos", partial(photos, folder), partial(exported, folder)),
    ]
    if torch.cuda.is_available():
        kinds.append(JobKind("largest", "image", "photos", partial(photos, folder), partial(vit, folder, "ViT-L-14")))
    if data:
        kinds.append(JobKind("catalog", "text", "texts of a catalog", partial(catalog, data), minilm))
    return [*kinds, JobKind("audio", "audio", "clips of 5 s", partial(clips, folder), partial(clap, folder))]


def photos(folder: Path, count: int) -> list[Product]:
    """Products with a JPEG of 800 x 800 each: coarse and fine noise, which costs as much to decode as a photo."""
    missing = [number for number in range(min(count, FILES)) if not (folder / f"{number}.jpg").exists()]
    if missing:
        with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as processes:
            list(processes.map(partial(photo, folder), missing, chunksize=16))
    return [Product(id=f"i{number:06d}", images=(f"{number % FILES}.jpg",)) for number in range(count)]


def photo(folder: Path, number: int) -> None:
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 255, (12, 12, 3), np.uint8)).resize((800, 800))
    fine = rng.normal(0, 8, (800, 800, 1))
    pixels = np.clip(np.asarray(coarse, np.float32) + fine, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / f"{number}.jpg", quality=85)


def texts(count: int, lengths: Sequence[int] = (12,)) -> list[Product]:
    """Products whose titles have as many words as one of `lengths`, and a number."""
    rng = random.Random(2)
    titles = [" ".join(rng.choices(VOCABULARY, k=rng.choice(lengths))) for _ in range(count)]
    return [Product(id=f"t{number:06d}", title=f"{title} {number}") for number, title in enumerate(titles)]


def catalog(data: Path, count: int) -> list[Product]:
    """A random sample of a real catalog, without media."""
    products = list(JsonLines(data / "electronics" / "catalog.jsonl.gz", Product).read())
    chosen = random.Random(4).sample(products, min(len(products), count))
    return [one.model_copy(update={"images": (), "audio": (), "video": ()}) for one in chosen]


def clips(folder: Path, count: int) -> list[Product]:
    """Products with five seconds of audio at 44.1 kHz each."""
    rng = np.random.default_rng(3)
    times_s = np.arange(5 * 44_100) / 44_100
    for number in range(min(count, FILES)):
        tone = 0.4 * np.sin(2 * np.pi * rng.uniform(100, 4000) * times_s) + rng.normal(0, 0.05, len(times_s))
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, 44_100, 0, "NONE", ""))
            file.writeframes((np.clip(tone, -1, 1) * 32767).astype("<i2").tobytes())
    return [Product(id=f"a{number:06d}", audio=(f"{number % FILES}.wav",)) for number in range(count)]


def vit(folder: Path, name: str) -> str:
    """An open_clip model of that name with random weights, saved in the folder."""
    import open_clip

    from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder

    config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {"resize_mode": "shortest"}}
    save_encoder(folder / name, build_model(config), config, {"name": name})
    return f"open_clip:{folder / name}"


def exported(folder: Path) -> str:
    """The bundled photo encoder, exported to ONNX."""
    return export(DEFAULT_PHOTO_ENCODER, folder / "efficientnet-onnx").spec


def clap(folder: Path) -> str:
    """CLAP in its published size with random weights, saved in the folder."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    target = folder / "CLAP"
    ClapModel(ClapConfig()).save_pretrained(target)
    ClapFeatureExtractor(truncation="rand_trunc").save_pretrained(target)
    return f"clap:{target}"
