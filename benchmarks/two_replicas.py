"""Two replicas of the service behind a proxy, with one Redis: what is lost, and do limits hold? Prints a table.

    python benchmarks/two_replicas.py            # or: make two-replicas

You need Debian's redis-server. The proxy asks /readyz five times a second, sends requests to replicas that are ready,
and sends a request once more if a replica gives no answer. Only counts matter, so other programs may run meanwhile.
"""

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tyro
from load_test.results import Result
from replicas.clients import CHARACTERS, ask, load
from replicas.proxy import Proxy, running_proxy
from replicas.redis_server import RedisServer, running_redis
from replicas.replica import Replica, running_replicas
from rich.console import Console
from rich.table import Table

from service.shared_store import PAUSE_SECONDS

_DRAIN_SECONDS = 5.0
_MINUTE_SECONDS = 60
_LATEST_SECOND = 20  # of a minute, to send a minute's requests
_KEYS = {name: f"key-of-{name}" for name in ("load", "quota", "rate")}
_OK, _FORBIDDEN, _TOO_MANY = 200, 403, 429


@dataclass(frozen=True)
class Options:
    """How much to send."""

    seconds: float = 5.0
    """Time of load before, between and after the events."""
    clients: int = 8
    """Clients that send requests without a pause."""
    restarts: int = 2
    """Times that all replicas are restarted, one by one."""
    requests: int = 100
    """Requests that the quota and the rate allow."""


@dataclass(frozen=True)
class Stage:
    """What the cases use."""

    options: Options
    replicas: tuple[Replica, ...]
    proxy: Proxy
    redis: RedisServer

    def ask(self, key: str, requests: int) -> tuple[dict[int, int], list[int]]:
        """Send requests; return their statuses, and how many each replica was sent."""
        before = self.proxy.sent
        statuses = ask(self.proxy.address, _KEYS[key], requests, self.options.clients)
        return dict(statuses), [now - then for now, then in zip(self.proxy.sent, before, strict=True)]


def rolling_restart(stage: Stage) -> Iterator[Result]:
    """Restart one replica after the other, as a Deployment does, while clients send requests."""
    options, before, exits = stage.options, stage.proxy.retried, []
    with load(stage.proxy.address, _KEYS["load"], options.clients) as statuses:
        time.sleep(options.seconds)
        for replica in stage.replicas * options.restarts:
            exits.append(replica.stop())
            replica.start()
            time.sleep(options.seconds)
    failed = statuses.total() - statuses[_OK]
    yield Result(
        f"failed of {statuses.total()} requests, {len(exits)} restarts", f"{failed}", "0", failed == 0
    )
    retried = stage.proxy.retried - before
    yield Result("sent a second time by the proxy", f"{retried}", "0", retried == 0)
    yield Result("exit statuses of the stopped replicas", f"{sorted(set(exits))}", "[0]", set(exits) == {0})


def killed_replica(stage: Stage) -> Iterator[Result]:
    """Kill a replica that has requests in flight."""
    options, before, victim = stage.options, stage.proxy.retried, stage.proxy.backends[0]
    with load(stage.proxy.address, _KEYS["load"], options.clients) as statuses:
        time.sleep(options.seconds)
        in_flight, unnoticed = stage.proxy.kill_when_busy(victim, 2)
        time.sleep(options.seconds)
        victim.replica.wait()
        victim.replica.start()
        time.sleep(options.seconds)
    failed = statuses.total() - statuses[_OK]
    yield Result(f"failed of {statuses.total()} requests", f"{failed}", "0", failed == 0)
    retried, most = stage.proxy.retried - before, in_flight + unnoticed
    limit = f"≤ {in_flight} in flight + {unnoticed} sent before the proxy noticed"
    yield Result("sent a second time by the proxy", f"{retried}", limit, 0 < retried <= most)


def quota(stage: Stage) -> Iterator[Result]:
    """Send half as much again as the quota allows, then restart everything and try again."""
    allowed = stage.options.requests
    statuses, sent = stage.ask("quota", allowed * 3 // 2)
    served = statuses.get(_OK, 0)
    refused = statuses.get(_FORBIDDEN, 0)
    yield Result(
        f"served of {sum(sent)} requests, {sent[0]} + {sent[1]} on the replicas",
        f"{served}",
        f"{allowed}, the quota",
        served == allowed and refused == allowed // 2 and min(sent) > 0,
    )
    for replica in stage.replicas:
        replica.stop()
        replica.start()
    statuses, _ = stage.ask("quota", 10)
    served = statuses.get(_OK, 0)
    yield Result(
        "served of 10 requests after a restart of both", f"{served}", "0", statuses == {_FORBIDDEN: 10}
    )


def rate(stage: Stage) -> Iterator[Result]:
    """Send half as much again as the rate allows within a minute of the clock."""
    allowed = stage.options.requests
    while True:
        if time.time() % _MINUTE_SECONDS > _LATEST_SECOND:
            time.sleep(_MINUTE_SECONDS - time.time() % _MINUTE_SECONDS)
        minute = time.time() // _MINUTE_SECONDS
        statuses, sent = stage.ask("rate", allowed * 3 // 2)
        if time.time() // _MINUTE_SECONDS == minute:  # else it was two minutes' requests
            break
    served, refused = statuses.get(_OK, 0), statuses.get(_TOO_MANY, 0)
    yield Result(
        f"served of {sum(sent)} requests in a minute, {sent[0]} + {sent[1]} on the replicas",
        f"{served}",
        f"{allowed}, the rate",
        served == allowed and refused == allowed // 2 and min(sent) > 0,
    )


def lost_redis(stage: Stage) -> Iterator[Result]:
    """Stop Redis, whose quota is used up, and start it again."""
    stage.redis.stop()
    statuses, sent = stage.ask("quota", 20)
    served = statuses.get(_OK, 0)
    yield Result("served of 20 requests without Redis", f"{served}", "20", served == 20)
    uncounted = sum(replica.metric("translator_uncounted_requests_total") for replica in stage.replicas)
    yield Result("of these in translator_uncounted_requests_total", f"{uncounted:.0f}", "20", uncounted == 20)
    lines = [sum("cannot be reached" in line for line in replica.log) for replica in stage.replicas]
    asked = [int(number > 0) for number in sent]
    yield Result(
        "lines in the replicas' logs about it", f"{lines[0]} + {lines[1]}", "1 + 1", lines == asked == [1, 1]
    )
    stage.redis.start()
    time.sleep(PAUSE_SECONDS + 1)
    statuses, _ = stage.ask("quota", 10)
    served = statuses.get(_OK, 0)
    yield Result("served of 10 requests when Redis is back", f"{served}", "0", statuses == {_FORBIDDEN: 10})


CASES: dict[str, Callable[[Stage], Iterator[Result]]] = {
    "rolling restart": rolling_restart,
    "killed replica": killed_replica,
    "quota": quota,
    "rate": rate,
    "lost Redis": lost_redis,
}


def _key_lines(options: Options) -> str:
    limits = {
        "load": "",
        "quota": f":quota={options.requests * CHARACTERS}",
        "rate": f":rate={options.requests}",
    }
    return ",".join(
        f"{name}:{hashlib.sha256(key.encode()).hexdigest()}{limits[name]}" for name, key in _KEYS.items()
    )


def measure(options: Options) -> Iterator[tuple[str, Result]]:
    """Run all cases; yield the name and a result of each."""
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as redis:
        environment = {"TRANSLATOR_LIMITS_URL": redis.url, "TRANSLATOR_API_KEYS": _key_lines(options)}
        flags = (f"--drain-seconds={_DRAIN_SECONDS}", "--max-wait-seconds=300", "--deadline-seconds=300")
        with (
            running_replicas(2, environment, *flags) as replicas,
            running_proxy(replicas) as proxy,
        ):
            stage = Stage(options, replicas, proxy, redis)
            for name, case in CASES.items():
                for result in case(stage):
                    yield name, result


def main() -> int:
    """Measure and print. Returns 0 if every limit is met, else 1."""
    options = tyro.cli(Options, description=__doc__)
    table = Table(title="Two replicas, one Redis")
    for heading in ("case", "measurement", "result", "limit", "met"):
        table.add_column(heading)
    are_met = True
    for name, one in measure(options):
        table.add_row(name, one.measurement, one.result, one.limit, "yes" if one.is_met else "NO")
        are_met &= one.is_met
        print(f"{name}: {one.measurement}: {one.result}", file=sys.stderr)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0 if are_met else 1


if __name__ == "__main__":
    sys.exit(main())
