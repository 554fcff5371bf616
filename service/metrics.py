"""What an operator can watch: figures in Prometheus' format, a registry for each application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Every figure of the service; `/metrics` shows them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(collector)
        self._counter = partial(Counter, registry=self.registry)
        self._gauge = partial(Gauge, registry=self.registry)
        self._histogram = partial(Histogram, registry=self.registry)
        self.ready = self._gauge("translator_ready", "1 when it can translate now, else 0")
        self._model = Info("translator_model", "The model that is served", registry=self.registry)
        self._make_figures_of_requests()
        self._make_figures_of_the_queue()
        self._make_figures_of_decoding()

    def _make_figures_of_requests(self) -> None:
        self.connections = self._gauge("translator_connections", "Open connections")
        self.rejected = self._counter(
            "translator_rejected",
            "Requests that were sent away or, with deadline_exceeded, not finished in time; by reason",
            ("reason",),
        )
        for reason in ("queue_full", "rate_limited", "not_ready", "deadline_exceeded"):
            self.rejected.labels(reason)
        self.requests = self._counter(
            "translator_requests", "Requests, by route and status", ("route", "status")
        )
        self.request_seconds = self._histogram(
            "translator_request_seconds",
            "Time from the end of a request's headers to the end of its answer, by route",
            ("route",),
            buckets=_SECONDS,
        )

    def _make_figures_of_the_queue(self) -> None:
        self.queue_tokens = self._gauge(
            "translator_queue_tokens",
            "Source tokens of the sentences that wait, and about how many of texts that are being split",
        )
        self.queue_wait_seconds = self._gauge(
            "translator_queue_wait_seconds", "About how long it takes to work off all that waits"
        )
        self.queue_sentences = self._gauge("translator_queue_sentences", "Sentences that wait")
        self.queue_seconds = self._histogram(
            "translator_queue_seconds", "Time a sentence waited", buckets=_SECONDS
        )
        self.dropped_sentences = self._counter(
            "translator_dropped_sentences",
            "Sentences that nobody waited for any more, by reason",
            ("reason",),
        )
        for reason in ("client_left", "deadline"):  # so that the first one counts as a growth
            self.dropped_sentences.labels(reason)

    def _make_figures_of_decoding(self) -> None:
        self.in_flight_sentences = self._gauge(
            "translator_in_flight_sentences", "Sentences that are being decoded"
        )
        self.batch_sentences = self._histogram(
            "translator_batch_sentences",
            "Sentences decoded together, whenever further ones join",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        )
        self.compute_seconds = self._histogram(
            "translator_compute_seconds",
            "Time from the first step of a sentence to its result",
            buckets=_SECONDS,
        )
        self.source_tokens = self._counter(
            "translator_source_tokens", "Source tokens of the sentences that were decoded"
        )
        self.sentences = self._counter("translator_sentences", "Sentences that were decoded")
        self.failed_sentences = self._counter(
            "translator_failed_sentences", "Sentences whose decoding raised an error that is not the text's"
        )
        self.sentence_rungs = self._counter(
            "translator_sentence_rungs",
            "Sentences that were decoded, by how their translation came about; only first needed no repair",
            ("rung",),
        )
        for rung in ("first", "next", "forced", "parts", "copied"):
            self.sentence_rungs.labels(rung)
        self.checks = self._counter(
            "translator_checks",
            "Numbers, links, placeholders and the like in sentences that were decoded, by kind and by what became "
            "of them",
            ("kind", "verdict"),
        )
        # What stands in a request several times counts once.
        self.cache_hits = self._counter(
            "translator_cache_hits", "Different sentences of a request that were remembered"
        )
        self.cache_misses = self._counter(
            "translator_cache_misses", "Different sentences of a request that were not remembered"
        )
        self.worker_restarts = self._counter(
            "translator_worker_restarts", "Times that the workers died and new ones began"
        )

    def tell_model(self, name: str, device: str, precision: str) -> None:
        """Say which model is served."""
        self._model.info({"name": name, "device": device, "precision": precision})

    def tell_translation(self, rung: str, checks: Iterable[tuple[str, str]]) -> None:
        """Count how the translation of a sentence came about, and kind and verdict of each of its checks."""
        self.sentence_rungs.labels(rung).inc()
        for kind, verdict in checks:
            self.checks.labels(kind, verdict).inc()

    def watch_queue(
        self, tokens: Callable[[], float], sentences: Callable[[], float], wait_seconds: Callable[[], float]
    ) -> None:
        """Ask these for the length of the queue whenever the figures are read."""
        self.queue_tokens.set_function(tokens)
        self.queue_sentences.set_function(sentences)
        self.queue_wait_seconds.set_function(wait_seconds)
