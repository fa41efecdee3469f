"""How many cores encoding takes, and that a worker keeps libraries from taking them too."""

import os

import pytest

from ltr_plugin.errors import InputError
from workers.cores import CORES, LIBRARIES_OWN, cores, share_out


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (CORES, *LIBRARIES_OWN):
        monkeypatch.setenv(name, "")


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


@pytest.mark.parametrize("wrong", ["0", "two"])
def test_nonsense_is_an_error(monkeypatch, wrong):
    monkeypatch.setenv(CORES, wrong)
    with pytest.raises(InputError, match=f"LTR_CORES: '{wrong}' is no number of cores"):
        cores()
