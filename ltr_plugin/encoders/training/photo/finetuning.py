"""Fine-tuning of a photo network of timm on a shop's own photos, beside text whose encoder stays as it is.

Projections are trained first, on features that stay as they are, and then the whole network with them, which keeps more
of what it knows (Kumar et al. 2022, https://arxiv.org/abs/2202.10054). Beside the loss of the projections there is a
softmax over all products of the cosine with a vector of each (Wang et al. 2018, https://arxiv.org/abs/1801.09414).
"""

from pathlib import Path
from typing import Any

from ltr_plugin.encoders import aligned, timm_images
from ltr_plugin.encoders.encoder_folder import check_not_replaced
from ltr_plugin.encoders.registry import (
    DEFAULT_PHOTO_ENCODER,
    DEFAULT_TEXT_ENCODER,
    load_encoder_for,
    loading,
    resolve_spec,
)
from ltr_plugin.encoders.training.alignment import write_aligned
from ltr_plugin.encoders.training.examples import media_sources
from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget
from ltr_plugin.encoders.training.frozen_text import encode_captions, merge_same_text
from ltr_plugin.encoders.training.photo.clip import MARGIN
from ltr_plugin.encoders.training.photo.examples import read_photos
from ltr_plugin.encoders.training.photo.network_trainer import NetworkTrainer, encode_photos, tower_of
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.encoders.training.training_run import TrainingRun
from ltr_plugin.errors import InputError
from ltr_plugin.progress import Progress, no_progress

IMAGE_SIZE = 160
EPOCHS = 8

CATALOG_SHARE = 0.25
"""Photos of the catalog in a batch beside those drawn, as a share of these: most steps show shoppers' photos."""


def finetune(
    catalog: Path,
    out: Path,
    *,
    start: str = DEFAULT_PHOTO_ENCODER,
    text: str = DEFAULT_TEXT_ENCODER,
    queries: Path | None = None,
    qrels: Path | None = None,
    image_size: int = IMAGE_SIZE,
    batch: int = 32,
    budget: Budget = DEFAULT_BUDGET,
    seed: int = 0,
    resume: bool = False,
    progress: Progress = no_progress,
) -> TrainingReport:
    """Trains a photo encoder further on the catalog and writes the folder `out`, to be used as `aligned:OUT`.

    `start` is an encoder of timm, or an aligned one with a photo tower of timm, `text` one of text, `image_size` the
    side of photos in pixels. `queries` with `qrels` add photo queries with grade 3 as further photos of that product.
    The training ends when held-out photos are found no better, and keeps its best state; Ctrl-C ends it early, and
    `resume` continues it. `progress` counts hundredths of the training, and its stages. InputError when there is
    nothing to learn from, and for a `start` of another library.
    """
    training = TrainingRun(
        catalog, out, "photos", start=start, batch=batch, budget=budget, seed=seed, resume=resume, progress=progress
    )
    before = aligned.read(out) if resume else None
    text = before.text if before else resolve_spec(text)
    check_not_replaced(out, text)
    words = load_encoder_for("text", text)
    network = _network(before.photo if before else start, None if before else image_size)
    side = network.pretrained_cfg["input_size"][1]
    sources = media_sources("image", catalog, training.products, queries, qrels)
    photos = read_photos(training.products, sources, round(side * MARGIN), progress)
    examples, texts = encode_captions(merge_same_text(photos), words, progress)
    trainer = NetworkTrainer(network, examples, texts, training.seed, progress)
    training.run(
        examples,
        trainer.step,
        EPOCHS,
        augment_text=lambda caption, _: caption,
        catalog_share=CATALOG_SHARE,
        begin=lambda seen, held_out: trainer.begin(seen, held_out, before.aligned if before else None),
        finished=trainer.finished,
    )
    trainer.restore_best()
    tower = tower_of(network)
    return write_aligned(
        training,
        out,
        trainer.heads.cpu(),
        photos,
        encode_photos(tower, photos, progress),
        (tower, words),
        (f"{timm_images.LIBRARY.name}:{aligned.PHOTO_TOWER}", text),
        write_tower=lambda folder: timm_images.write(folder / aligned.PHOTO_TOWER, network),
    )


def _network(start: str, image_size: int | None) -> Any:  # noqa: ANN401 - timm's network
    """The network of an encoder of timm, or of an aligned one's photo tower, for photos of this size, not cropped."""
    tower = start
    if start.partition(":")[0] == aligned.NAME:
        tower = aligned.read(Path(start.partition(":")[2])).photo
    library, _, model = tower.partition(":")
    if library != timm_images.LIBRARY.name:
        raise InputError(
            "--from",
            f"{start!r} is no encoder of timm, nor an aligned one with a photo tower of timm; `ltr encoder train "
            "--from` trains encoders of open_clip further, and `ltr encoder align` takes any photo encoder",
        )
    with loading(tower):
        network = timm_images.load_network(model)
    config = dict(network.pretrained_cfg)
    if image_size and not config.get("fixed_input_size"):
        config["input_size"] = (3, image_size, image_size)
    network.pretrained_cfg = {**config, "crop_pct": 1.0, "crop_mode": "squash"}
    return network
