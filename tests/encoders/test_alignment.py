"""Encoders aligned and fine-tuned on a small drawn shop."""

import numpy as np
import pytest
import timm
import torch
from drawn_shop import COLOURS, SHAPES, draw, write_shop
from PIL import Image
from safetensors.torch import load_file
from timm.models import save_for_hf

from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.export.export import export
from ltr_plugin.encoders.training.examples import Examples
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.frozen_text import encode_captions, merge_same_text
from ltr_plugin.encoders.training.heads import ProjectionHead
from ltr_plugin.encoders.training.photo.network_trainer import NetworkTrainer
from ltr_plugin.encoders.training.trainers import ALIGN, FINETUNE
from ltr_plugin.errors import EncoderError, InputError

pytestmark = pytest.mark.slow

IDS = [f"{colour}-{shape}" for colour in COLOURS for shape in SHAPES]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    """A small network of timm with random weights."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("timm") / "resnet"
    save_for_hf(timm.create_model("test_resnet", num_classes=0), folder, safe_serialization=True)
    return f"timm:{folder}"


def judged(shop):
    return {"queries": shop / "queries.jsonl", "qrels": shop / "qrels.txt"}


def vectors(encoder, modality, items):
    return encoder.encode(modality, [encoder.prepare(modality, item) for item in items])


def share_first(queries, products):
    return float(((queries @ products.T).argmax(axis=1) == np.arange(len(IDS))).mean())


@pytest.fixture(scope="module")
def aligned(shop, tmp_path_factory):
    out = tmp_path_factory.mktemp("encoders") / "aligned"
    return ALIGN(shop / "catalog.jsonl", out, **judged(shop), budget=Budget(steps=150), batch=36), out


def test_words_find_photos_and_photos_find_words_and_other_photos(shop, aligned):
    report, out = aligned
    encoder = load_encoder(f"aligned:{out}")
    assert report.spec == f"aligned:{out}"
    assert encoder.fingerprint == report.fingerprint
    assert encoder.fingerprint.dimension == 256
    assert encoder.modalities == {"text", "image", "video"}
    photos = vectors(encoder, "image", [Image.open(shop / f"{id_}.png") for id_ in IDS])
    customers = vectors(encoder, "image", [draw(*id_.split("-"), "lightgrey", -3) for id_ in IDS])
    words = vectors(encoder, "text", [f"{id_.replace('-', ' ')} thing" for id_ in IDS])
    assert np.linalg.norm(words, axis=1) == pytest.approx(1, abs=1e-5)
    assert share_first(customers, photos) >= 0.7, "by chance: 0.06"
    assert share_first(customers, words) >= 0.7
    assert share_first(words, photos) >= 0.7


def test_products_with_shoppers_photos_have_a_vector_of_their_own(shop, aligned, tmp_path):
    encoder = load_encoder(f"aligned:{aligned[1]}")
    assert set(encoder.product_vectors) == set(IDS)
    customers = vectors(encoder, "image", [draw(*id_.split("-"), "lightgrey", -3) for id_ in IDS])
    assert share_first(customers, np.stack([encoder.product_vectors[id_] for id_ in IDS])) >= 0.7
    alone = ALIGN(shop / "catalog.jsonl", tmp_path / "alone", budget=Budget(steps=2))
    assert load_encoder(alone.spec).product_vectors == {}


def test_an_export_has_the_same_space_and_the_products_vectors(shop, resnet, sentence_folder, tmp_path):
    towers = {"photo": resnet, "text": f"sentence-transformers:{sentence_folder}"}
    spec = ALIGN(shop / "catalog.jsonl", tmp_path / "e", **judged(shop), **towers, budget=Budget(steps=5)).spec
    original, report = load_encoder(spec), export(spec, tmp_path / "onnx")
    exported = load_encoder(report.spec)
    photos = [draw(*id_.split("-"), "lightgrey", -3) for id_ in IDS]
    for modality, items in (("image", photos), ("text", IDS)):
        same = (vectors(exported, modality, items) * vectors(original, modality, items)).sum(axis=1)
        assert same.min() > 0.999
    assert exported.product_vectors.keys() == original.product_vectors.keys()
    assert np.array_equal(exported.product_vectors[IDS[3]], original.product_vectors[IDS[3]])


@pytest.mark.parametrize("trainer", [ALIGN, FINETUNE])
def test_ctrl_c_keeps_what_was_learned_and_resume_ends_it(shop, resnet, tmp_path, trainer):
    def interrupt(done: int, _total: int | None = None, stage: str = "") -> None:
        if not stage and done >= 40:
            raise KeyboardInterrupt

    start = {"photo" if trainer is ALIGN else "start": resnet}
    options = {**judged(shop), **start, "budget": Budget(steps=10), "batch": 8}
    stopped = trainer(shop / "catalog.jsonl", tmp_path / "e", **options, progress=interrupt)
    assert (stopped.steps, stopped.share) == (4, 0.4)
    before = load_encoder(stopped.spec).fingerprint
    ended = trainer(shop / "catalog.jsonl", tmp_path / "e", **options, resume=True)
    assert ended.share == 1.0
    if trainer is ALIGN:  # a fine-tuning keeps its best state, which may be the one before
        assert load_encoder(ended.spec).fingerprint != before
    with pytest.raises(InputError, match="trained to its end"):
        trainer(shop / "catalog.jsonl", tmp_path / "e", **options, resume=True)


def test_a_fine_tuned_network_is_found_in_its_folder_wherever_that_is(shop, resnet, tmp_path):
    options = {**judged(shop), "start": resnet, "image_size": 64, "batch": 18}
    report = FINETUNE(shop / "catalog.jsonl", tmp_path / "e", **options, budget=Budget(steps=60))
    photos = [draw(*id_.split("-"), "lightgrey", -3) for id_ in IDS]
    there = vectors(load_encoder(report.spec), "image", photos)
    (tmp_path / "e").rename(tmp_path / "moved")
    moved = load_encoder(f"aligned:{tmp_path / 'moved'}")
    assert moved.fingerprint == report.fingerprint
    assert np.array_equal(vectors(moved, "image", photos), there)
    assert share_first(there, np.stack([moved.product_vectors[id_] for id_ in IDS])) >= 0.5, "by chance: 0.06"


def test_an_encoder_of_another_library_is_aligned_and_not_fine_tuned(shop, tmp_path):
    with pytest.raises(InputError, match=r"--from: .*no encoder of timm, .* trains encoders of open_clip further"):
        FINETUNE(shop / "catalog.jsonl", tmp_path / "e", start="open_clip:ViT-B-32/laion2b_s34b_b79k")


def test_the_photo_tower_of_an_aligned_encoder_is_fine_tuned_and_each_stage_is_counted(shop, resnet, tmp_path):
    stages = {}

    def listen(done: int, total: int | None = None, stage: str = "") -> None:
        stages[stage] = done, total

    options = {**judged(shop), "budget": Budget(steps=1), "progress": listen}
    start = ALIGN(shop / "catalog.jsonl", tmp_path / "start", photo=resnet, **options).spec
    assert set(stages) == {"reading media", "encoding captions", "", "encoding products"}
    report = FINETUNE(shop / "catalog.jsonl", tmp_path / "e", start=start, image_size=32, **options)
    before = load_file(f"{resnet.removeprefix('timm:')}/model.safetensors")
    assert torch.equal(
        load_file(report.folder / "photo" / "model.safetensors")["conv1.0.weight"], before["conv1.0.weight"]
    )
    assert {"encoding photos", "training projections"} < set(stages)
    assert all(done == total for done, total in stages.values())


def test_a_folder_that_lacks_a_file_says_which(tmp_path):
    (tmp_path / "aligned.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"lacks aligned\.safetensors"):
        load_encoder(f"aligned:{tmp_path}")


def test_a_projection_is_the_head_that_it_was_made_of():
    features = torch.randn(50, 20) + 3
    head, other = ProjectionHead(features), ProjectionHead(torch.randn(50, 20))
    expected = head(features).detach().numpy()
    assert head.projection()(features.numpy()) == pytest.approx(expected, abs=1e-5)
    other.load(head.projection())
    assert other(features).detach().numpy() == pytest.approx(expected, abs=1e-5)
    assert not head.projection()(np.zeros((1, 20), np.float32)).any()


def test_the_first_layers_stay_as_they_were(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(NetworkTrainer, "restore_best", lambda _: None)
    torch.manual_seed(0)
    start = timm.create_model("test_resnet", num_classes=0)
    save_for_hf(start, tmp_path / "start", safe_serialization=True)
    options = {"start": f"timm:{tmp_path / 'start'}", "image_size": 32, "budget": Budget(steps=2)}
    FINETUNE(shop / "catalog.jsonl", tmp_path / "e", **judged(shop), **options)
    weights = load_file(tmp_path / "e" / "photo" / "model.safetensors")
    changed = {name for name, before in start.named_parameters() if not torch.equal(weights[name], before)}
    assert "conv1.0.weight" in weights, "the stem"
    assert not any(name.startswith("conv1") for name in changed)
    assert any(name.startswith("layer4") for name in changed)


def test_products_of_the_same_text_are_learned_as_one():
    examples = Examples(((0,), (1,), (2,), (3,), (2, 1)), (False,) * 5, (("red mug",), ("jar",), ("red mug",), ()), ())
    assert merge_same_text(examples).shows == ((0,), (1,), (0,), (3,), (0, 1))


def test_captions_of_an_encoder_that_stays_as_it_is_are_few_and_encoded_once(sentence_folder):
    encoder = load_encoder(f"sentence-transformers:{sentence_folder}")
    ways = tuple(f"way {number}" for number in range(7))
    examples, texts = encode_captions(Examples(((0,),), (False,), (ways, ways[:2], ()), ()), encoder)
    assert examples.captions == (ways[:4], ways[:2], ())
    assert set(texts) == {"", *ways[:4]}
    assert texts["way 3"].numpy() == pytest.approx(vectors(encoder, "text", ["way 3"])[0], abs=1e-6)


def test_a_training_that_makes_it_worse_keeps_what_it_began_with(shop, tmp_path, monkeypatch):
    monkeypatch.setattr("ltr_plugin.encoders.training.photo.network_trainer.NETWORK_RATE", 10.0)
    torch.manual_seed(0)
    start = timm.create_model("test_resnet", num_classes=0)
    save_for_hf(start, tmp_path / "start", safe_serialization=True)
    options = {"start": f"timm:{tmp_path / 'start'}", "image_size": 32, "budget": Budget(steps=4)}
    report = FINETUNE(shop / "catalog.jsonl", tmp_path / "e", **judged(shop), **options)
    assert report.held_out.items > 0
    weights = load_file(tmp_path / "e" / "photo" / "model.safetensors")
    assert all(torch.equal(weights[name], before) for name, before in start.named_parameters())
