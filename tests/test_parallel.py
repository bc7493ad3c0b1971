"""Work spread over processes gives what a loop gives, in order, and fails as a loop fails."""

from __future__ import annotations

import gc
import os

import pytest

from gitops.parallel import WORTHWHILE, processes, spread

MANY = range(WORTHWHILE * 3)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    factor = 3  # what was loaded before is there in every process

    assert list(spread(lambda item: item * factor, MANY, jobs)) == [item * 3 for item in MANY]


def test_work_is_done_in_other_processes_where_it_is_worthwhile() -> None:
    assert os.getpid() not in set(spread(lambda _: os.getpid(), MANY, 2))
    assert set(spread(lambda _: os.getpid(), MANY[: WORTHWHILE - 1], 2)) == {os.getpid()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_the_function_raises_is_raised_here(jobs: int) -> None:
    def fail(item: int) -> int:
        if item == 70:
            raise KeyError(item)
        return item

    with pytest.raises(KeyError, match="70"):
        list(spread(fail, MANY, jobs))
    assert gc.isenabled()


def test_a_machine_has_a_process_at_least() -> None:
    assert processes() >= 1
