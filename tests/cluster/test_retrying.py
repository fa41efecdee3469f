"""The retry policy: which errors are tried again, for how long, and what progress does."""

import pytest

from ltr_plugin.cluster.transport import retrying as module
from ltr_plugin.cluster.transport.retrying import PartlyDoneError, retrying
from ltr_plugin.errors import ClusterError


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self):
        self.now, self.pauses = 100.0, []

    def sleep(self, seconds):
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(module.time, "sleep", clock.sleep)
    return clock


def failing(errors):
    """Raises these errors in turn, then returns `done`."""
    left = iter(errors)

    def call():
        if error := next(left, None):
            raise error
        return "done"

    return call


def busy():
    return ClusterError("busy", status=429)


def test_delays_double_and_each_error_is_reported(clock):
    heard = []
    assert retrying(60, heard.append, lambda _: True)(failing([busy(), busy(), busy()])) == "done"
    assert len(heard) == 3
    for pause, longest in zip(clock.pauses, (0.25, 0.5, 1.0), strict=True):
        assert longest / 2 <= pause <= longest


def test_the_limit_counts_from_the_first_failure_and_the_last_error_is_raised(clock):
    last = busy()
    with pytest.raises(ClusterError) as raised:
        retrying(0.3, lambda _: None, lambda _: True)(failing([busy(), busy(), last]))
    assert raised.value is last
    assert sum(clock.pauses) == pytest.approx(0.3)


def test_without_time_nothing_is_tried_again(clock):
    with pytest.raises(ClusterError):
        retrying(0, lambda _: None, lambda _: True)(failing([busy()]))
    assert clock.pauses == []


def test_progress_starts_the_limit_anew(clock):
    errors = [PartlyDoneError("partly", status=429) for _ in range(20)]
    assert retrying(0.3, lambda _: None, lambda _: True)(failing(errors)) == "done"
    assert sum(clock.pauses) > 2


def test_other_errors_are_raised_at_once(clock):
    with pytest.raises(ClusterError):
        retrying(60, lambda _: None, lambda error: error.retryable)(failing([ClusterError("wrong", status=400)]))
    with pytest.raises(KeyError):
        retrying(60, lambda _: None, lambda _: True)(failing([KeyError("x")]))
    assert clock.pauses == []
