"""Freed memory stays for as long as work goes on, and goes back after it."""

import os
import subprocess
import sys
import textwrap

import pytest

from fourierscope.subjects import heap

_SHOWN = """
import resource, torch
from fourierscope.subjects.heap import freed_memory_kept

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(12_000_000)  # 48 MB, which the C library gives back at once when left alone
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6

alone, start = faults(), resident()
with freed_memory_kept():
    with freed_memory_kept():
        faults()
    inside, held = faults(), resident() - start
left = resident() - start
torch.ones(100_000_000)  # larger than any hole that is left of the others
print(alone, inside, held, left, resident() - start)
"""


def shown(**environment):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_SHOWN)], env=environment, capture_output=True, text=True, check=True
    )
    return [float(one) for one in done.stdout.split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the heap of the C library of GNU")
def test_pages_are_cleared_once_and_go_back_at_the_end():
    alone, inside, held, left, later = shown()
    if alone < 20_000:
        pytest.skip("this C library keeps freed memory, or pages are large")
    assert inside < alone / 2
    assert held > 40  # between two runs, or cells, that are inside of another
    assert left < 20
    assert later < 200  # of 400 MB


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the heap of the C library of GNU")
def test_thresholds_of_the_users_own_are_left_alone():
    alone, inside, *_ = shown(MALLOC_MMAP_THRESHOLD_="100000", MALLOC_TRIM_THRESHOLD_="100000")
    assert inside > alone / 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_outside_and_may_enter(monkeypatch):
    found = []
    monkeypatch.setattr(heap, "_set", found.append)
    with heap.freed_memory_kept(), heap._lock:  # as another thread may hold it
        child = os.fork()
        if not child:
            outside = heap._inside == 0 and found[-1:] == [heap._OUTSIDE]
            with heap.freed_memory_kept():
                inside = found[-1] == heap._INSIDE
            os._exit(0 if outside and inside else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert found == [heap._INSIDE, heap._OUTSIDE]


def test_other_settings_of_the_library_are_no_thresholds():
    _, inside, *_ = shown(GLIBC_TUNABLES="glibc.malloc.arena_max=2")
    alone, as_usual, *_ = shown()
    assert inside < alone / 2 or as_usual > alone / 2
