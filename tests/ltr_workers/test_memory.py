"""What is freed stays with the process, for the next layer of a model to take."""

import ctypes
import gc
import subprocess
import sys

import pytest
from ltr_workers.memory import freeze_gc

PAGE, BLOCKS = 4096, 12

ROUNDS = f"""
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from ltr_workers.memory import disable_trim

def faults():
    blocks = [b"x" * (int(sys.argv[1]) << 20) for _ in range({BLOCKS})]
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt

if sys.argv[2:] == ["keep"]:
    disable_trim()
with ThreadPoolExecutor(1) as pool:
    seen = [pool.submit(faults).result() for _ in range(6)]
print(seen[-1] - seen[-3])
"""


def new_pages(megabytes: int, *arguments: str) -> int:
    ran = subprocess.run(
        [sys.executable, "-c", ROUNDS, str(megabytes), *arguments], capture_output=True, text=True, check=True
    )
    return int(ran.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="glibc's alone")
@pytest.mark.parametrize("megabytes", [8, 40])
@pytest.mark.slow
def test_freed_blocks_of_a_thread_are_taken_again_without_the_system(megabytes) -> None:
    of_two_rounds = 2 * BLOCKS * (megabytes << 20) // PAGE
    assert new_pages(megabytes, "keep") < of_two_rounds / 100 < of_two_rounds / 10 < new_pages(megabytes)


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


def test_the_collector_passes_by_what_a_worker_has_loaded(thawed) -> None:  # noqa: ARG001
    loaded = [[number] for number in range(1000)]
    freeze_gc(("one",))
    kept = gc.get_freeze_count()
    assert kept > len(loaded)
    assert not any(one is loaded for one in gc.get_objects())
    later = [[number] for number in range(1000)]
    freeze_gc(("one",))
    assert any(one is later for one in gc.get_objects()), "once for the same encoders"
    freeze_gc(("one", "another"))
    assert gc.get_freeze_count() > kept
