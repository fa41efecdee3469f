"""Batches as large as pays and as memory allows, and videos by their frames."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.runtime.batch_size_tuner import BatchSizeTuner
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder
from ltr_plugin.errors import InputError


class Numbers(TorchEncoder):
    """Puts numbers on a circle; a batch takes as much memory as `taken` says, for a moment."""

    def __init__(self, taken=lambda _: 1, streams=1):
        self.streams = streams
        fingerprint = Fingerprint("test", "numbers", "", 2, "", "")
        super().__init__(torch.nn.Identity(), fingerprint, frozenset({"audio"}))
        self.taken, self.batches, self.threads = taken, [], set()

    def _streams(self, modality):  # noqa: ARG002
        return self.streams

    def _prepare(self, modality, item):  # noqa: ARG002
        return [item]

    def _forward(self, modality, batch):  # noqa: ARG002
        self.batches.append(len(batch))
        self.threads.add((threading.current_thread().name, torch.get_num_threads()))
        torch.empty(self.taken(len(batch)), dtype=torch.uint8)
        numbers = torch.tensor([item[0] for item in batch], device=self.device)
        return torch.stack([numbers.cos(), numbers.sin()], dim=1)


def tuned(encoder):
    """The encoder with a tuner, as it has one on a GPU."""
    encoder._tuner = BatchSizeTuner((4, 8, 16, 32, 64, 128), budget_s=1)
    return encoder


def encode(encoder, count):
    numbers = np.linspace(0, 6, count, dtype=np.float32)
    vectors = encoder.encode("audio", [encoder.prepare("audio", number) for number in numbers])
    assert np.allclose(vectors, np.stack([np.cos(numbers), np.sin(numbers)], axis=1), atol=1e-2)


def seconds_from(table, tried):
    def seconds(size):
        tried.append(size)
        return table[size]

    return seconds


@pytest.mark.parametrize(
    ("table", "best", "last"),
    [
        ({8: 1.0, 16: 1.2, 32: 1.5, 64: 3.0, 128: 6.0}, 32, 128),  # two larger ones in vain
        ({8: 1.0, 16: 2.0, 32: 4.0, 64: 8.0, 128: 1.0}, 8, 64),  # three end it
        ({8: 1.0, 16: 2.4, 32: 4.2, 64: 5.0, 128: 8.0}, 128, 128),  # two do not: a CPU that was slower with 16 and 32
        ({8: 1.0, 16: 2.0, 32: 2.0, 64: 3.0, 128: 4.0}, 128, 128),  # one in vain does not end it
        ({8: 1.0, 16: 1.0, 32: 1.0, 64: None, 128: 1.0}, 32, 64),  # memory is short
    ],
)
def test_the_size_that_does_most_a_second_is_found(table, best, last):
    tried = []
    assert BatchSizeTuner((8, 16, 32, 64, 128), budget_s=60).best(seconds_from(table, tried), default=8) == best
    grown = sorted(set(tried))
    assert tried[: len(grown)] == grown
    assert grown[-1] == last


@pytest.mark.parametrize(
    ("table", "best"),
    [
        ({8: 0.245, 16: 0.5, 32: 1.0, 64: 1.96}, 32),  # none is worth a change
        ({8: 0.3, 16: 0.6, 32: 1.0, 64: 1.8}, 64),
        ({8: 0.2, 16: 0.45, 32: 1.0, 64: 2.1}, 8),
        ({8: 0.25, 16: 0.5, 32: None}, 16),  # as near as memory allows
        ({8: 0.25, 16: None, 32: None}, 8),
    ],
)
def test_the_usual_size_is_left_for_one_that_is_faster(table, best):
    assert BatchSizeTuner((8, 16, 32, 64), budget_s=60).best(table.__getitem__, default=32) == best


def test_a_slow_model_is_tried_with_the_usual_size_alone():
    tried = []
    assert BatchSizeTuner((8, 16, 32, 64), budget_s=0.4).best(seconds_from({32: 2.0}, tried), default=32) == 32
    assert tried == [32]


def test_a_larger_size_that_would_outlast_the_budget_does_not_keep_smaller_ones_from_being_tried():
    tried = []
    assert BatchSizeTuner((16, 32, 64), budget_s=4).best(seconds_from({16: 0.9, 32: 3.0}, tried), default=32) == 16
    assert sorted(set(tried)) == [16, 32]


def test_sizes_are_compared_over_as_many_items():
    encoder = Numbers()
    encoder._seconds("audio", [[0.5]] * 4, 60)
    assert encoder.batches == [4] * (encoder._batch // 4)
    encoder.batches.clear()
    encoder._seconds("audio", [[0.5]] * 4, 0)  # a slow model has no time for them
    assert encoder.batches == [4]


def test_a_slow_moment_of_the_machine_does_not_decide():
    moments = iter([1.0, 9.0, 1.4, 9.0, 1.0, 1.2, 1.4, 1.5])  # 16 and 64 at first, each of them no slower in truth
    table = {8: 1.0, 16: 1.2, 32: 1.4, 64: 1.5}
    assert BatchSizeTuner((8, 16, 32, 64), budget_s=60).best(lambda size: next(moments, table[size]), default=8) == 64


def test_memory_that_is_short_later_on_rules_a_size_out():
    answers = iter([1.0, 1.0, 1.0, None])  # twice as fast with 16, until there is no room for it
    assert BatchSizeTuner((8, 16), budget_s=60).best(lambda _: next(answers, 1.0), default=8) == 8


def test_a_trial_ends_with_its_budget():
    tried = []
    assert BatchSizeTuner((8, 16, 32), budget_s=0).best(seconds_from({8: 1.0}, tried), default=8) == 8
    assert tried == [8]


def test_much_work_is_tried_once_and_little_work_never():
    encoder = tuned(Numbers())
    encode(encoder, 1)
    assert encoder.batches == [1]
    encode(encoder, 300)
    assert set(encoder.batches) > {8, 16}
    assert encoder.batch_size in (4, 8, 16, 32, 64, 128)
    encoder.batches.clear()
    encode(encoder, encoder.batch_size * 2)
    assert encoder.batches == [encoder.batch_size] * 2


def test_batches_halve_where_memory_is_short_and_nothing_is_lost():
    encoder = Numbers(lambda count: 2 ** (24 + 4 * min(count, 6)))  # three ask for 64 GiB
    encode(encoder, 40)
    assert encoder.batches == [32, 16, 8, 4, *[2] * 20]
    encode(encoder, 2)
    assert encoder.batches[-1] == 2


def test_a_trial_outlives_short_memory():
    encoder = tuned(Numbers(lambda count: 2 ** (24 + 4 * min(count, 6))))
    encode(encoder, 64)
    assert encoder.batches[-1] == 2


@pytest.fixture
def two_threads():
    """PyTorch takes two threads in this test, however many are left to it."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_several_streams_share_the_batches():
    encoder = Numbers(streams=3)
    encode(encoder, 320)
    assert encoder.batches == [32] * 10
    assert {name.startswith("encoder") for name, _ in encoder.threads} == {True}
    assert {count for _, count in encoder.threads} == {1}  # each is as wide as one core
    encoder.batches.clear()
    encode(encoder, 40)
    assert sorted(encoder.batches) == [12, 14, 14]  # none of them idle
    encoder.threads.clear()
    encode(encoder, 2)
    assert {name.startswith("encoder") for name, _ in encoder.threads} == {False}  # too little for all


def test_one_stream_is_one_thread_whoever_calls():
    encoder = Numbers()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda count: encode(encoder, count), [40, 90, 1, 70] * 3))
    assert len({name for name, _ in encoder.threads}) == 1


def test_streams_halve_where_memory_is_short_and_hand_on_errors():
    encoder = Numbers(lambda count: 2 ** (24 + 4 * min(count, 6)), streams=3)
    encode(encoder, 200)
    assert encoder.batches[-1] == 2
    with pytest.raises(RuntimeError, match="allocate"):
        encode(Numbers(lambda _: 2**50, streams=2), 64)


def test_calls_from_many_threads_get_their_own_vectors():
    encoder = Numbers(streams=2)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda count: encode(encoder, count), [1, 50, 300, 7, 120, 65] * 3))


def test_an_item_too_large_for_memory_is_an_error():
    encoder = Numbers(lambda _: 2**50)
    with pytest.raises(RuntimeError, match="allocate"):
        encode(encoder, 3)


def test_the_environment_states_the_size(monkeypatch):
    monkeypatch.setenv("LTR_BATCH_SIZE", "7")
    encoder = Numbers()
    assert encoder.batch_size == 7
    encode(encoder, 65)
    assert encoder.batches == [7] * 9 + [2]


@pytest.mark.parametrize("wrong", ["0", "many", "-3"])
def test_a_wrong_size_in_the_environment_is_an_error(monkeypatch, wrong):
    monkeypatch.setenv("LTR_BATCH_SIZE", wrong)
    with pytest.raises(InputError, match=f"LTR_BATCH_SIZE .*'{wrong}'"):
        Numbers()


def test_a_video_is_the_mean_direction_of_its_frames(photo_encoder):
    photos = {colour: Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "white")}
    single = photo_encoder.encode("image", [photo_encoder.prepare("image", photo) for photo in photos.values()])
    videos = [SimpleNamespace(frames=(photos["red"], photos["blue"])), SimpleNamespace(frames=(photos["white"],))]
    vectors = photo_encoder.encode("video", [photo_encoder.prepare("video", video) for video in videos])
    mean = single[0] + single[1]
    assert vectors[0] @ mean / np.linalg.norm(mean) == pytest.approx(1, abs=1e-5)
    assert vectors[1] @ single[2] == pytest.approx(1, abs=1e-5)
    assert photo_encoder.encode("video", []).shape == (0, single.shape[1])
