"""docs/walk-through.md says what the included model computes."""

import re

import pytest
import walk_through

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.mark.slow
def test_the_walk_through_is_what_the_model_computes_today():
    """The text is the same, and each number to within the rounding of its last digit and a thousandth of its size."""
    written, computed = walk_through.FILE.read_text(encoding="utf-8"), walk_through.write()
    assert NUMBER.sub("#", written) == NUMBER.sub("#", computed), "run benchmarks/walk_through.py"
    for before, now in zip(NUMBER.findall(written), NUMBER.findall(computed), strict=True):
        digits = len(before.partition(".")[2])
        assert abs(float(before) - float(now)) <= 1.01 * 10**-digits * (digits > 0) + 1e-3 * abs(float(now))
