"""A corpus on a real Ray cluster, whose workers, driver and nodes are killed: each line is there exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from ray.cluster_utils import Cluster
from toy_grammar import generate_pairs

from translator.config import ModelConfig
from translator.data.tokenizer import train_tokenizer
from translator.model.transformer import Transformer
from translator.training.checkpoint import save_model

ROOT = Path(__file__).parents[2]
LINES, ROWS_PER_SHARD, KILLS, PATIENCE_SECONDS = 600, 5, 20, 300
IN_SMALL_SHARDS = f"""
if __name__ == "__main__":
    from translator.cluster import job
    job.ROWS_AT_ONCE = {ROWS_PER_SHARD}
    import translator.__main__
    raise SystemExit(translator.__main__.main())
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pairs = list(generate_pairs(300, seed=5))
    tokenizer = train_tokenizer([sentence for pair in pairs for sentence in pair], 596)
    torch.manual_seed(3)
    config = ModelConfig(
        tokenizer.vocab_size, d_model=16, heads=2, d_ff=32, encoder_layers=1, decoder_layers=1, dropout=0.0
    )
    path = tmp_path_factory.mktemp("model") / "toy"
    save_model(path, config, Transformer(config).state_dict(), tokenizer, {"name": "toy"})
    return path


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines that differ, some of them blank."""
    english = [english for english, _ in generate_pairs(LINES, seed=8)]
    lines = ["" if place % 10 == 3 else f"{place}: {one}" for place, one in enumerate(english)]
    path = tmp_path_factory.mktemp("text") / "text.en"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def expected(model: Path, text: Path) -> bytes:
    """What the command prints without Ray."""
    return subprocess.run(
        command(model, text), cwd=ROOT, capture_output=True, timeout=PATIENCE_SECONDS, check=True
    ).stdout


def command(model: Path, text: Path, *options: object) -> list[str]:
    program = (sys.executable, "-c", IN_SMALL_SHARDS)
    return [*map(str, (*program, "translate", text, "--model", model, "--device", "cpu", *options))]


def start(model: Path, text: Path, out: Path, *options: object) -> subprocess.Popen[bytes]:
    arguments = command(model, text, "--engine", "ray", "--out", out, *options)
    return subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE)


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    try:
        children = [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return [*children, *(other for child in children for other in descendants(child))]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def title(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def workers(process: int) -> list[int]:
    """Return the processes of our actors below a process."""
    return [one for one in descendants(process) if title(one).startswith(b"ray::Worker")]


def wait_until(is_so: Callable[[], bool], driver: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        if driver:
            assert driver.poll() is None, driver.communicate()[1].decode()
        time.sleep(0.02)


def shards(out: Path) -> int:
    return len(list(out.glob("progress/part-*.json")))


def check(driver: subprocess.Popen[bytes], out: Path, expected: bytes) -> None:
    """Wait for the driver, and check that the output is that of an uninterrupted run."""
    _, err = driver.communicate(timeout=PATIENCE_SECONDS)
    assert driver.returncode == 0, err.decode()
    assert f"{LINES} of {LINES} lines are done" in " ".join(err.decode().split())
    parts = sorted(out.glob("part-*"))
    assert len(parts) == LINES // ROWS_PER_SHARD
    assert b"".join(path.read_bytes() for path in parts) == expected
    assert sorted(path.name for path in out.iterdir()) == [
        ".lock",
        "manifest.json",
        *(path.name for path in parts),
    ]
    manifest = json.loads((out / "manifest.json").read_text())
    assert sum(one["rows"] for one in manifest["shards"]) == LINES


@pytest.mark.slow
def test_after_a_killed_worker_each_line_is_there_once(
    model: Path, text: Path, expected: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with start(model, text, out) as driver:
        wait_until(lambda: shards(out) >= 3, driver)
        os.kill(workers(driver.pid)[0], signal.SIGKILL)
        check(driver, out, expected)


@pytest.mark.hard
def test_a_killed_driver_takes_its_own_cluster_along(model: Path, text: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with start(model, text, out) as driver:
        wait_until(lambda: shards(out) >= 1, driver)
        # Ray's agents, which compute nothing, notice it only after a minute.
        others = [one for one in descendants(driver.pid) if b"Agent" not in title(one)]
        assert {*workers(driver.pid)} < {*others}
        driver.kill()
    wait_until(lambda: not any(map(is_running, others)))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of two nodes with a core each."""
    cluster = Cluster()
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
    yield cluster
    cluster.shutdown()


@pytest.mark.hard
def test_twenty_kills_at_random_moments_lose_and_double_nothing(
    model: Path, text: Path, expected: bytes, cluster: Cluster, tmp_path: Path
) -> None:
    generator = random.Random(7)
    kills = jobs = 0
    while kills < KILLS:
        jobs += 1
        out = tmp_path / f"out{jobs}"
        driver = start(model, text, out, "--address", cluster.address)
        while kills < KILLS and driver.poll() is None:
            before = shards(out)
            if generator.random() < 0.7:
                wait_until(lambda: shards(out) > before or driver.poll() is not None)  # noqa: B023 (called before they change)
            time.sleep(generator.uniform(0, 0.3))
            living = workers(os.getpid())
            if kills % 4 == 3 and driver.poll() is None:
                driver.kill()
                driver.communicate()
                kills += 1
                driver = start(model, text, out, "--address", cluster.address)
            elif kills % 4 < 3 and living:
                os.kill(generator.choice(living), signal.SIGKILL)
                kills += 1
        check(driver, out, expected)


@pytest.mark.hard
def test_a_lost_node_loses_nothing_and_a_new_one_helps(
    model: Path, text: Path, expected: bytes, cluster: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with start(model, text, out, "--address", cluster.address) as driver:
        wait_until(lambda: shards(out) >= 3, driver)
        assert len(workers(os.getpid())) == 2
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        done = shards(out)
        wait_until(lambda: shards(out) > done + 3, driver)
        cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
        wait_until(lambda: len(workers(os.getpid())) == 2, driver)
        check(driver, out, expected)
