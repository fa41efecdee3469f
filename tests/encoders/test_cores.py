"""How many cores encoding takes, and that a worker keeps libraries from taking them too."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ltr_plugin.encoders.cores import CORES, LATER, LIBRARIES_OWN, SWITCH_S, TOKENIZERS, cores, share_out, step_back
from ltr_plugin.errors import InputError


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (CORES, TOKENIZERS, *LIBRARIES_OWN):
        monkeypatch.setenv(name, "")
    interval = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval)


def test_all_that_this_process_may_run_on():
    assert cores() == len(os.sched_getaffinity(0))


def test_what_is_stated_counts_and_ours_first(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert cores() == 3
    monkeypatch.setenv(CORES, "5")
    assert cores() == 5


def test_sharing_out_keeps_the_number_and_leaves_libraries_one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    share_out()
    assert cores() == 3
    assert {os.environ[name] for name in LIBRARIES_OWN} == {"1"}
    assert os.environ[TOKENIZERS] == "false"


@pytest.mark.parametrize("wrong", ["0", "two"])
def test_nonsense_is_an_error(monkeypatch, wrong):
    monkeypatch.setenv(CORES, wrong)
    with pytest.raises(InputError, match=f"LTR_CORES: '{wrong}' is no number of cores"):
        cores()


def test_sharing_out_has_threads_give_way_sooner():
    share_out()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_S)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority of its own")
def test_one_thread_steps_back_and_the_others_do_not():
    def priority():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    mine = priority()
    with ThreadPoolExecutor(1, initializer=step_back) as pool:
        assert pool.submit(priority).result() == LATER
    assert priority() == mine
