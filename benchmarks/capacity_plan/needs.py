"""Compute what a load needs from the measured figures and the assumptions."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import tyro

from capacity_plan.figures import Figures
from translator.errors import ConfigError

DAY_SECONDS = 24 * 60 * 60
HOUR_SECONDS = 60 * 60
MONTH_HOURS = 365 * 24 / 12
FEWEST_REPLICAS = 2
"""So that one can be lost or replaced."""
COMMANDS_PER_REQUEST = 2
"""What a request asks of Redis: count it for the rate, and its characters for the quota."""


def _assumed(meaning: str) -> Any:
    """Describe an assumption, for the help of the command and for the page."""
    return tyro.conf.arg(help=meaning)


@dataclass(frozen=True)
class Assumptions:
    """What nobody measured here; change it to what is true for you. Raises ConfigError unless all are positive."""

    tokens_per_sentence: Annotated[
        float,
        _assumed("source tokens of a sentence; times and sizes are taken to grow with it in proportion"),
    ] = 25.0
    peak_to_mean: Annotated[
        float, _assumed("requests a second in the busiest minute, divided by the mean of the day")
    ] = 3.0
    utilisation: Annotated[float, _assumed("share of the cores that may be busy at the peak")] = 0.6
    ray_share: Annotated[
        float,
        _assumed("speed of a Ray worker, divided by that of the plain command; ray_speed.py measures it"),
    ] = 0.95
    cores_per_replica: Annotated[int, _assumed("cores of a replica of the service")] = 4
    price_per_core_hour: Annotated[float, _assumed("in any currency; a guess, no offer was looked up")] = 0.04
    network_gigabits: Annotated[float, _assumed("a machine's network, in 10^9 bits a second")] = 1.0
    disk_megabytes: Annotated[
        float, _assumed("the disk that a corpus is read from and written to, in 10^6 bytes a second")
    ] = 100.0
    redis_commands: Annotated[float, _assumed("commands a second that a Redis answers")] = 50_000.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 < value < math.inf:
                raise ConfigError(f"--{name.replace('_', '-')} is {value:g}; it must be greater than 0")

    def described(self) -> list[tuple[str, float, str]]:
        """Return the name, value and meaning of each."""
        hints = get_type_hints(type(self), include_extras=True)
        return [(name, value, hints[name].__metadata__[0].help) for name, value in vars(self).items()]


@dataclass(frozen=True)
class Scaled:
    """The figures for sentences of the assumed length."""

    request_seconds: float
    request_bytes: float
    line_seconds: float
    line_bytes: float
    """Read and written."""

    @classmethod
    def of(cls, figures: Figures, assumptions: Assumptions) -> "Scaled":
        """Scale everything but the fixed cost of a request."""
        factor = assumptions.tokens_per_sentence / figures.source_tokens
        decoding = figures.request_seconds - figures.empty_request_seconds
        return cls(
            figures.empty_request_seconds + factor * decoding,
            factor * figures.request_bytes,
            factor * figures.line_seconds / assumptions.ray_share,
            factor * (figures.source_bytes + figures.target_bytes),
        )


@dataclass(frozen=True)
class ServiceNeed:
    """What requests of one sentence each need."""

    peak_per_second: float
    busy_cores: float
    """Cores' worth of work at the peak."""
    replicas: int
    price_per_month: float
    """If all replicas run all the time."""
    least_price_per_month: float
    """If their number followed the load exactly."""
    peak_megabits: float
    peak_redis_commands: float


def service_need(requests_per_day: float, figures: Figures, assumptions: Assumptions) -> ServiceNeed:
    """Compute the replicas for the peak of a day."""
    scaled = Scaled.of(figures, assumptions)
    per_second = requests_per_day / DAY_SECONDS
    peak = per_second * assumptions.peak_to_mean
    busy = peak * scaled.request_seconds
    replicas = max(FEWEST_REPLICAS, math.ceil(busy / assumptions.utilisation / assumptions.cores_per_replica))
    core_month = MONTH_HOURS * assumptions.price_per_core_hour
    mean_cores = per_second * scaled.request_seconds / assumptions.utilisation
    return ServiceNeed(
        peak,
        busy,
        replicas,
        replicas * assumptions.cores_per_replica * core_month,
        max(mean_cores, FEWEST_REPLICAS * assumptions.cores_per_replica) * core_month,
        peak * scaled.request_bytes * 8 / 1e6,
        peak * COMMANDS_PER_REQUEST,
    )


@dataclass(frozen=True)
class CorpusNeed:
    """What a corpus needs."""

    core_hours: float
    price: float
    terabytes: float
    """Read and written."""

    def hours(self, cores: int) -> float:
        """Return the hours on that many cores, all of them busy."""
        return self.core_hours / cores


def corpus_need(sentences: float, figures: Figures, assumptions: Assumptions) -> CorpusNeed:
    """Compute the work for a corpus, with one sentence to a line."""
    scaled = Scaled.of(figures, assumptions)
    core_hours = sentences * scaled.line_seconds / HOUR_SECONDS
    return CorpusNeed(
        core_hours, core_hours * assumptions.price_per_core_hour, sentences * scaled.line_bytes / 1e12
    )


@dataclass(frozen=True)
class Limits:
    """Where something other than the cores of the decoder becomes the limit."""

    process_requests: float
    """Requests a second of one process of the service, whose Python code runs on one core at a time."""
    process_cores: float
    """Cores that these requests keep busy; more of them would wait for that code."""
    network_requests: float
    """Requests a second that a machine's network carries."""
    redis_requests: float
    """Requests a second that a Redis counts."""
    disk_cores: float
    """Cores of a corpus job that read and write as much as the disk allows."""


def limits(figures: Figures, assumptions: Assumptions) -> Limits:
    """Compute each limit as if it were the only one."""
    scaled = Scaled.of(figures, assumptions)
    factor = assumptions.tokens_per_sentence / figures.source_tokens
    process = 1 / (figures.empty_request_seconds + factor * figures.splitting_seconds)
    return Limits(
        process,
        process * scaled.request_seconds,
        assumptions.network_gigabits * 1e9 / 8 / scaled.request_bytes,
        assumptions.redis_commands / COMMANDS_PER_REQUEST,
        assumptions.disk_megabytes * 1e6 * scaled.line_seconds / scaled.line_bytes,
    )
