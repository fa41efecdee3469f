"""How many cores encoding takes, and that a worker keeps libraries from taking them too."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ltr_plugin.encoders.runtime.cores import (
    BACKGROUND_NICE,
    ENV_CORES,
    ENV_LIBRARY_THREADS,
    ENV_TOKENIZER_THREADS,
    SWITCH_INTERVAL_S,
    cores,
    limit_threads,
    lower_priority,
)
from ltr_plugin.errors import InputError


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (ENV_CORES, ENV_TOKENIZER_THREADS, *ENV_LIBRARY_THREADS):
        monkeypatch.setenv(name, "")
    interval = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval)


def test_all_that_this_process_may_run_on():
    assert cores() == len(os.sched_getaffinity(0))


def test_what_is_stated_counts_and_ours_first(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert cores() == 3
    monkeypatch.setenv(ENV_CORES, "5")
    assert cores() == 5


def test_sharing_out_keeps_the_number_and_leaves_libraries_one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    limit_threads()
    assert cores() == 3
    assert {os.environ[name] for name in ENV_LIBRARY_THREADS} == {"1"}
    assert os.environ[ENV_TOKENIZER_THREADS] == "false"


@pytest.mark.parametrize("wrong", ["0", "two"])
def test_nonsense_is_an_error(monkeypatch, wrong):
    monkeypatch.setenv(ENV_CORES, wrong)
    with pytest.raises(InputError, match=f"LTR_CORES .*'{wrong}'"):
        cores()


def test_sharing_out_has_threads_give_way_sooner():
    limit_threads()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority of its own")
def test_one_thread_steps_back_and_the_others_do_not():
    def priority():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    mine = priority()
    with ThreadPoolExecutor(1, initializer=lower_priority) as pool:
        assert pool.submit(priority).result() == BACKGROUND_NICE
    assert priority() == mine
