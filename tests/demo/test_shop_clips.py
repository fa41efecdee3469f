import json
from itertools import pairwise

import av
import numpy as np
import pytest

from ltr_plugin.demo import appearance
from ltr_plugin.demo.clips import CLIP_PX, FRAME_RATES, render_frames, write_clip
from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.products import draw_product
from ltr_plugin.demo.recordings import shop_recording
from ltr_plugin.demo.shop import generate_shop
from ltr_plugin.demo.timbres import SAMPLE_RATE_HZ
from ltr_plugin.demo.traits import draw_traits

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def products():
    kinds = list(KINDS)
    return [draw_product(n, kinds[n % len(kinds)], np.random.default_rng([5, n])) for n in range(800)]


def filmed(kind, frames):
    rng = np.random.default_rng(3)
    traits = draw_traits(kind, rng)
    shot, surface = appearance.shot(traits, rng, customer=False), appearance.surface(traits, rng)
    return list(render_frames(appearance.silhouette(traits), surface, shot, frames, rng, stands=KINDS[kind].stands))


def decoded(path):
    """Frames as arrays, sound samples, and seconds."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        seconds = container.duration / 1e6
    with av.open(str(path)) as container:
        sound = [frame.to_ndarray() for frame in container.decode(audio=0)] if container.streams.audio else []
    return frames, np.concatenate(sound, axis=1) if sound else None, seconds


def test_few_products_have_a_clip_and_a_third_of_these_nothing_else(products):
    clipped = [product for product in products if product.clips]
    assert 0.05 < len(clipped) / len(products) < 0.11
    alone = [product for product in clipped if product.photos == product.sounds == 0]
    assert 0.2 < len(alone) / len(clipped) < 0.55
    assert {bool(product.traits.timbre) for product in alone} == {True, False}
    assert any(product.photos and product.sounds for product in clipped)


def test_camera_moves_slowly_and_keeps_the_product_in_view():
    frames = [np.asarray(frame, np.float32) for frame in filmed("toy", 12)]
    assert all(frame.shape == (CLIP_PX, CLIP_PX, 3) for frame in frames)
    step = np.mean([np.abs(after - before).mean() for before, after in pairwise(frames)])
    assert 0.3 < step < np.abs(frames[-1] - frames[0]).mean()
    for frame in frames:
        assert frame[24:-24, 24:-24].std() > 20


def test_written_clip_shows_its_frames_and_sounds_as_recorded(tmp_path):
    frames = filmed("toy", 16)
    sound = shop_recording("flute", "rising", np.random.default_rng(1))
    write_clip(tmp_path / "a.webm", frames, 8, sound)
    shown, heard, seconds = decoded(tmp_path / "a.webm")
    assert len(shown) == len(frames)
    assert seconds == pytest.approx(max(2, len(sound) / SAMPLE_RATE_HZ), abs=0.15)
    for before, after in zip(frames, shown, strict=True):
        assert np.abs(np.asarray(before, int) - after).mean() < 8
    before, after = (np.abs(np.fft.rfft(samples, 48_000 * 4)) for samples in (np.repeat(sound, 3), heard[0]))
    assert np.corrcoef(before[:20_000], after[:20_000])[0, 1] > 0.9


def test_same_frames_give_the_same_bytes_and_silence_no_sound_track(tmp_path):
    frames = filmed("mug", 8)
    for name in ("a", "b"):
        write_clip(tmp_path / f"{name}.webm", frames, 8)
    assert (tmp_path / "a.webm").read_bytes() == (tmp_path / "b.webm").read_bytes()
    assert decoded(tmp_path / "a.webm")[1] is None


def test_every_clip_named_decodes_and_sounds_if_its_product_does(tmp_path):
    shop = generate_shop(tmp_path / "shop", products=40, seed=6)
    records = [json.loads(line) for line in shop.catalog.read_text(encoding="utf-8").splitlines()]
    named = [path for record in records for path in record["video"]]
    assert sorted(named) == sorted(str(path.relative_to(tmp_path / "shop")) for path in tmp_path.rglob("*.webm"))
    assert named
    sounds = 0
    for path in named:
        file = tmp_path / "shop" / path
        frames, sound, seconds = decoded(file)
        assert frames[0].shape == (CLIP_PX, CLIP_PX, 3)
        assert 1.4 < seconds < 2.6
        assert min(FRAME_RATES) - 1 < len(frames) / seconds < max(FRAME_RATES) + 1
        assert file.stat().st_size < 150_000
        sounds += sound is not None
    assert 0 < sounds < len(named)
