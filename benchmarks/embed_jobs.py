"""What `benchmarks/embed.py` has made into vectors: products of one modality each, and the encoder they go through.

Weights are random where no file is carried along, which costs the same time.
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
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, load_encoder
from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.media.openers import OPENERS

WORDS = ("red", "striped", "mug", "handle", "cotton", "shirt", "kids", "oak", "chair", "lamp", "steel", "wool", "scarf")


FILES = 2048
"""Where there are more products, these have the same files, eight tasks or more apart."""


@dataclass(frozen=True)
class Job:
    """One modality's products, and the encoder that they are embedded with."""

    name: str
    source: Modality
    unit: str
    products: Sequence[Product]
    spec: str

    @property
    def items(self) -> list[str]:
        """What is encoded: a text or a file a product."""
        return [one.embedding_text() if self.source == "text" else one.media(self.source)[0] for one in self.products]


@dataclass(frozen=True)
class Kind:
    """A job without its products yet: `make` gives any number of them, `spec` the encoder's name."""

    name: str
    source: Modality
    unit: str
    make: Callable[[int], Sequence[Product]]
    spec: Callable[[], str]

    def job(self, folder: Path, seconds: float, most: int) -> Job:
        """With as many products as the encoder alone takes about so many seconds for, `most` at most."""
        spec = self.spec()
        encoder = load_encoder(spec)
        few = Job(self.name, self.source, self.unit, self.make(encoder.batch_size), spec)
        ready = [encoder.prepare(self.source, OPENERS[self.source](folder, item)) for item in few.items]
        ready = list(islice(cycle(ready), max(256, encoder.batch_size)))  # enough for it to find its size of batches
        encoder.encode(self.source, ready)
        began = time.perf_counter()
        encoder.encode(self.source, ready)
        count = min(most, round(seconds * len(ready) / (time.perf_counter() - began)))
        return replace(few, products=self.make(max(count, encoder.batch_size)))


def kinds(folder: Path, data: Path | None) -> list[Kind]:
    """All there are; the texts of a real catalog only with the folder of `data`, the largest model only on a GPU."""
    import torch

    def minilm() -> str:
        return DEFAULT_TEXT_ENCODER

    found = [
        Kind("photos", "image", "photos", partial(photos, folder), partial(vit, folder, "ViT-B-32")),
        Kind("large", "image", "photos", partial(photos, folder), partial(vit, folder, "ViT-B-16")),
        Kind("titles", "text", "titles", texts, minilm),
        Kind("descriptions", "text", "descriptions", partial(texts, words=[120]), minilm),
    ]
    if torch.cuda.is_available():
        found.append(Kind("largest", "image", "photos", partial(photos, folder), partial(vit, folder, "ViT-L-14")))
    if data:
        found.append(Kind("catalog", "text", "texts of a catalog", partial(catalog, data), minilm))
    return [*found, Kind("sounds", "audio", "clips of 5 s", partial(clips, folder), partial(clap, folder))]


def photos(folder: Path, count: int) -> list[Product]:
    """Products with a JPEG of 800 pixels a side each: coarse and fine noise, as heavy to decode as a photo is."""
    lacking = [number for number in range(min(count, FILES)) if not (folder / f"{number}.jpg").exists()]
    if lacking:
        with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as processes:
            list(processes.map(partial(photo, folder), lacking, chunksize=16))
    return [Product(id=f"i{number:06d}", images=(f"{number % FILES}.jpg",)) for number in range(count)]


def photo(folder: Path, number: int) -> None:
    chance = np.random.default_rng(number)
    coarse = Image.fromarray(chance.integers(0, 255, (12, 12, 3), np.uint8)).resize((800, 800))
    fine = chance.normal(0, 8, (800, 800, 1))
    pixels = np.clip(np.asarray(coarse, np.float32) + fine, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / f"{number}.jpg", quality=85)


def texts(count: int, words: Sequence[int] = (12,)) -> list[Product]:
    """Products with a title each of as many words as one of `words`, and a number."""
    chance = random.Random(2)
    titles = [" ".join(chance.choices(WORDS, k=chance.choice(words))) for _ in range(count)]
    return [Product(id=f"t{number:06d}", title=f"{title} {number}") for number, title in enumerate(titles)]


def catalog(data: Path, count: int) -> list[Product]:
    """Products of a real catalog by their texts alone, drawn evenly from all of it."""
    products = list(JsonLines(data / "electronics" / "catalog.jsonl.gz", Product).read())
    chosen = random.Random(4).sample(products, min(len(products), count))
    return [one.model_copy(update={"images": (), "audio": (), "video": ()}) for one in chosen]


def clips(folder: Path, count: int) -> list[Product]:
    """Products with five seconds of 44.1 kHz each."""
    chance = np.random.default_rng(3)
    moments = np.arange(5 * 44_100) / 44_100
    for number in range(min(count, FILES)):
        tone = 0.4 * np.sin(2 * np.pi * chance.uniform(100, 4000) * moments) + chance.normal(0, 0.05, len(moments))
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, 44_100, 0, "NONE", ""))
            file.writeframes((np.clip(tone, -1, 1) * 32767).astype("<i2").tobytes())
    return [Product(id=f"a{number:06d}", audio=(f"{number % FILES}.wav",)) for number in range(count)]


def vit(folder: Path, name: str) -> str:
    """The model of that name in open_clip with random weights, in a folder."""
    import open_clip

    from ltr_plugin.encoders.training.small_clip import build_model, save_encoder

    config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {"resize_mode": "shortest"}}
    save_encoder(folder / name, build_model(config), config, {"name": name})
    return f"open_clip:{folder / name}"


def clap(folder: Path) -> str:
    """CLAP in its published size with random weights, in a folder."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    target = folder / "CLAP"
    ClapModel(ClapConfig()).save_pretrained(target)
    ClapFeatureExtractor(truncation="rand_trunc").save_pretrained(target)
    return f"clap:{target}"
