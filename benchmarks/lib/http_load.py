"""Requests by several clients at once, and how long they took."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Latency:
    """Milliseconds of requests of several clients, and requests a second of all together."""

    clients: int
    p50_ms: float
    p95_ms: float
    per_second: float
    requests: int
    failed: int

    def to_json(self) -> dict[str, float | int]:
        """Its values by name."""
        return {name: value for name, value in vars(self).items() if name != "clients"}


def measure(request: Callable[[int], bool], clients: int, seconds: float, *, first: int = 0) -> Latency:
    """Calls `request` with ascending numbers from `first` by so many threads; it says whether the answer is good."""
    numbers = iter(range(first, 1 << 60))
    lock, times = threading.Lock(), list[float]()
    failed = 0
    until = time.perf_counter() + seconds

    def client() -> None:
        nonlocal failed
        while time.perf_counter() < until:
            with lock:
                number = next(numbers)
            began = time.perf_counter()
            good = request(number)
            took = time.perf_counter() - began
            with lock:
                times.append(took)
                failed += not good

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - began
    return Latency(clients, *_percentiles(times), round(len(times) / lasted, 1), len(times), failed)


def _percentiles(times: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile in milliseconds."""
    cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else [*times] * 100
    return round(1000 * statistics.median(times), 1), round(1000 * cuts[94], 1)
