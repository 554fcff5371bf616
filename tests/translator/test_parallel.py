import os
import signal
import subprocess
import sys

import pytest

from tests.child_processes import PATIENCE_SECONDS, is_alive, wait_until
from tests.translator.workers import (
    make_counting_threads,
    make_doubling,
    make_dying,
    make_failing,
    make_patient,
    refuse,
)
from translator.errors import DataError, TranslatorError
from translator.machine.parallel import work_in_order


@pytest.mark.parametrize("processes", [1, 2])
def test_the_results_come_in_order(processes):
    results = list(work_in_order(make_doubling, range(9), processes))
    assert [doubled for doubled, _ in results] == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    others = {process for _, process in results} - {os.getpid()}
    assert 1 <= len(others) <= 2 if processes == 2 else not others


@pytest.mark.slow
def test_the_processes_share_the_cores(monkeypatch):
    monkeypatch.setattr("translator.machine.parallel.usable_cores", lambda: 4)
    assert set(work_in_order(make_counting_threads, range(4), 2)) == {2}


def test_only_a_few_items_are_read_ahead():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    results = work_in_order(make_doubling, items(), 2)
    next(results)
    assert len(taken) <= 5
    results.close()


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_among_the_items_comes_after_the_results_before_it(processes):
    def items():
        yield 1
        yield 2
        raise DataError("line 3 is bad")

    results = work_in_order(make_doubling, items(), processes)
    assert (next(results)[0], next(results)[0]) == (2, 4)
    with pytest.raises(DataError, match="line 3 is bad"):
        next(results)


def test_items_and_results_may_be_larger_than_a_pipe():
    large = "x" * 1_000_000
    assert list(work_in_order(make_patient, [large] * 3, 2)) == [1_000_000] * 3
    with pytest.raises(DataError, match="1000000 characters"):
        list(work_in_order(make_failing, [large] * 9, 2))
    left = work_in_order(make_patient, [large] * 9, 2)
    assert next(left) == 1_000_000
    left.close()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_worker_that_cannot_be_made_is_an_error(processes):
    with pytest.raises(DataError, match="the model is missing"):
        list(work_in_order(refuse, range(3), processes))


def test_a_killed_process_is_reported():
    with pytest.raises(TranslatorError, match="one of the worker processes was killed"):
        list(work_in_order(make_dying, range(5), 2))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_first_process_dies_the_others_die_with_it(tmp_path, number):
    pids = tmp_path / "pids"
    program = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it\n"
        "if __name__ == '__main__':\n"
        "    from functools import partial\n"
        "    from tests.translator.workers import make_sleeping\n"
        "    from translator.machine.parallel import work_in_order\n"
        f"    list(work_in_order(partial(make_sleeping, {str(pids)!r}), range(5), 2))\n"
    )
    (tmp_path / "program.py").write_text(program)
    with subprocess.Popen(
        [sys.executable, tmp_path / "program.py"],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": "."},
    ) as first:
        try:
            wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
            others = pids.read_text().split()
            first.send_signal(number)
            wait_until(lambda: not any(map(is_alive, others)))
            assert first.wait(PATIENCE_SECONDS) != 0
        finally:
            first.kill()
