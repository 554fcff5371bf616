"""docs/capacity.md: its arithmetic, worked out by hand, and whether the page is what the command prints."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import capacity
import pytest
from capacity_plan.figures import Figures
from capacity_plan.needs import Assumptions, corpus_need, limits, service_need
from capacity_plan.page import write

from translator.errors import ConfigError

PAGE = Path(__file__).parents[2] / "docs" / "capacity.md"
FIGURES = Figures(
    processor="Abacus core", load_average=0.1, precision="int8", model="beads", beam_size=4,
    sentences="news.en", lines=100,
    source_tokens=10.0, source_bytes=50.0, target_bytes=70.0, splitting_seconds=0.0002, line_seconds=0.0036,
    worker_bytes=2e8, requests=100, request_seconds=0.005, empty_request_seconds=0.001, request_bytes=1_000.0,
    service_bytes=3e8,
)  # fmt: skip
AS_LONG = Assumptions(
    tokens_per_sentence=10, peak_to_mean=4, utilisation=0.5, ray_share=1, cores_per_replica=2,
    price_per_core_hour=0.1, network_gigabits=1, disk_megabytes=12, redis_commands=1_000,
)  # fmt: skip
"""With sentences as long as the measured ones."""


def test_the_service_needs_cores_for_the_peak():
    # 8.64 M a day are 100 a second, and 400 at the peak. These take 2 cores, of 4 that may be busy half of the time.
    need = service_need(8.64e6, FIGURES, AS_LONG)
    assert need.peak_per_second == pytest.approx(400)
    assert need.busy_cores == pytest.approx(2)
    assert need.replicas == 2
    # 4 cores for 730 hours at 0.1. The mean needs one core, but there are always two replicas of two.
    assert need.price_per_month == pytest.approx(292)
    assert need.least_price_per_month == pytest.approx(292)
    assert need.peak_megabits == pytest.approx(3.2)
    assert need.peak_redis_commands == pytest.approx(800)


def test_ten_times_the_load_costs_ten_times_as_much_but_for_the_smallest_number_of_replicas():
    # 20 busy cores at the peak are 40 cores, 20 replicas; the mean needs 5 busy cores, so 10.
    need = service_need(86.4e6, FIGURES, AS_LONG)
    assert need.replicas == 20
    assert need.price_per_month == pytest.approx(2920)
    assert need.least_price_per_month == pytest.approx(730)


def test_longer_sentences_take_longer_but_not_the_rest_of_a_request():
    # Decoding takes 4 ms of the 5 ms, and three times as much for three times the tokens: 1 + 12 ms.
    need = service_need(8.64e6, FIGURES, replace(AS_LONG, tokens_per_sentence=30))
    assert need.busy_cores == pytest.approx(400 * 0.013)
    assert need.peak_megabits == pytest.approx(9.6)


def test_a_corpus_needs_core_hours_money_and_a_disk():
    # A million lines of 3.6 ms are an hour, and of 50 + 70 bytes 120 MB.
    need = corpus_need(100e6, FIGURES, AS_LONG)
    assert (need.core_hours, need.price) == (pytest.approx(100), pytest.approx(10))
    assert need.terabytes == pytest.approx(0.012)
    assert need.hours(16) == pytest.approx(6.25)
    slower = corpus_need(100e6, FIGURES, replace(AS_LONG, tokens_per_sentence=20, ray_share=0.5))
    assert (slower.core_hours, slower.terabytes) == (pytest.approx(400), pytest.approx(0.024))


def test_the_limits_are_where_each_resource_is_used_up():
    found = limits(FIGURES, AS_LONG)
    # 1 ms for the request and 0.2 ms for splitting; each of these requests keeps a core busy for 5 ms.
    assert found.process_requests == pytest.approx(1 / 0.0012)
    assert found.process_cores == pytest.approx(0.005 / 0.0012)
    assert found.network_requests == pytest.approx(125_000)  # 10^9 bits are 125 MB, a request has 1 kB
    assert found.redis_requests == pytest.approx(500)
    assert found.disk_cores == pytest.approx(360)  # 12 MB a second are 100,000 lines, of 3.6 ms each


def test_the_page_names_what_was_measured_and_what_was_assumed():
    page = write(FIGURES, AS_LONG)
    assert "`python benchmarks/capacity.py --sentences news.en --lines 100 --requests 100 --out" in page
    assert "On one Abacus core, with the model `beads` in int8 and a beam of 4" in page
    assert "| `translator translate`, a line | 3.60 ms | 278 |" in page
    for name, value in asdict(AS_LONG).items():
        assert f"| `{name}` | {value:g} |" in page
    assert "No speed has been measured on a GPU" in page
    assert "| 100 M | 100 | 10 | 12 GB | 6.2 |" in page


def test_the_page_is_what_the_command_prints():
    figures, assumptions = capacity.read_record(PAGE.with_suffix(".json"))
    assert PAGE.read_text(encoding="utf-8") == write(figures, assumptions), (
        "run benchmarks/capacity.py --figures docs/capacity.json --out docs/capacity.md"
    )


def test_the_command_writes_the_page_again_with_other_assumptions(tmp_path, monkeypatch):
    recorded = PAGE.with_suffix(".json")
    out = tmp_path / "page.md"
    arguments = ["capacity.py", "--figures", str(recorded), "--price-per-core-hour", "0.5", "--out", str(out)]
    monkeypatch.setattr("sys.argv", arguments)
    assert capacity.main() == 0
    assert "| `price_per_core_hour` | 0.5 |" in out.read_text(encoding="utf-8")
    record = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))
    assert record["figures"] == json.loads(recorded.read_text(encoding="utf-8"))["figures"]
    assert record["assumptions"]["price_per_core_hour"] == 0.5


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_assumptions_must_be_positive(value):
    with pytest.raises(ConfigError, match=r"--peak-to-mean is .*; it must be greater than 0"):
        Assumptions(peak_to_mean=value)
