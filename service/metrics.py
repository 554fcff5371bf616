"""Prometheus metrics, with one registry for each application."""

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
    """The metrics of the service, exposed at `/metrics`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(collector)
        self._counter = partial(Counter, registry=self.registry)
        self._gauge = partial(Gauge, registry=self.registry)
        self._histogram = partial(Histogram, registry=self.registry)
        self.ready = self._gauge("translator_ready", "1 if the service can translate now, else 0")
        self._model = Info("translator_model", "The model in use", registry=self.registry)
        self._add_request_metrics()
        self._add_queue_metrics()
        self._add_decoding_metrics()

    def _add_request_metrics(self) -> None:
        self.connections = self._gauge("translator_connections", "Open connections")
        self.rejected = self._counter(
            "translator_rejected",
            "Requests that were turned away or, with deadline_exceeded, not finished in time; by reason",
            ("reason",),
        )
        for reason in ("queue_full", "rate_limited", "not_ready", "deadline_exceeded"):
            self.rejected.labels(reason)
        self.uncounted_requests = self._counter(
            "translator_uncounted_requests",
            "Requests that were served although the shared store of limits could not count them",
        )
        self.requests = self._counter(
            "translator_requests", "Requests, by route and status", ("route", "status")
        )
        self.request_seconds = self._histogram(
            "translator_request_seconds",
            "Time from the end of a request's headers to the end of its response, by route",
            ("route",),
            buckets=_SECONDS,
        )

    def _add_queue_metrics(self) -> None:
        self.queue_tokens = self._gauge(
            "translator_queue_tokens",
            "Source tokens of waiting sentences, plus an estimate for texts that are being split",
        )
        self.queue_wait_seconds = self._gauge(
            "translator_queue_wait_seconds", "Estimated time to translate everything in the queue"
        )
        self.queue_sentences = self._gauge("translator_queue_sentences", "Waiting sentences")
        self.queue_seconds = self._histogram(
            "translator_queue_seconds", "Time that a sentence waited", buckets=_SECONDS
        )
        self.dropped_sentences = self._counter(
            "translator_dropped_sentences",
            "Sentences dropped because no client waited for them any more, by reason",
            ("reason",),
        )
        for reason in ("client_left", "deadline"):  # so that the first one counts as an increase
            self.dropped_sentences.labels(reason)

    def _add_decoding_metrics(self) -> None:
        self.in_flight_sentences = self._gauge("translator_in_flight_sentences", "Sentences being decoded")
        self.batch_sentences = self._histogram(
            "translator_batch_sentences",
            "Batch size in sentences, observed whenever sentences join",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        )
        self.compute_seconds = self._histogram(
            "translator_compute_seconds",
            "Time from the first step of a sentence to its result",
            buckets=_SECONDS,
        )
        self.source_tokens = self._counter("translator_source_tokens", "Source tokens of decoded sentences")
        self.sentences = self._counter("translator_sentences", "Decoded sentences")
        self.failed_sentences = self._counter(
            "translator_failed_sentences",
            "Sentences whose decoding failed for a reason other than their text",
        )
        self.sentence_rungs = self._counter(
            "translator_sentence_rungs",
            "Decoded sentences, by how their translation was found; only first needed no repair",
            ("rung",),
        )
        for rung in ("first", "next", "forced", "parts", "copied"):
            self.sentence_rungs.labels(rung)
        self.checks = self._counter(
            "translator_checks",
            "Checked numbers, links, placeholders and the like in decoded sentences, by kind and verdict",
            ("kind", "verdict"),
        )
        # A sentence that is repeated in a request counts once.
        self.cache_hits = self._counter(
            "translator_cache_hits", "Distinct sentences of a request found in the cache"
        )
        self.cache_misses = self._counter(
            "translator_cache_misses", "Distinct sentences of a request not found in the cache"
        )
        self.shared_cache_hits = self._counter(
            "translator_shared_cache_hits", "Sentences found in the cache that replicas share"
        )
        self.shared_cache_failures = self._counter(
            "translator_shared_cache_failures",
            "Batches of reads or writes of the shared cache that failed or were skipped during an outage, and entries "
            "that could not be decrypted",
        )
        self.worker_restarts = self._counter(
            "translator_worker_restarts", "Times that the workers died and were restarted"
        )

    def set_model(self, name: str, device: str, precision: str) -> None:
        """Set the labels of the model in use."""
        self._model.info({"name": name, "device": device, "precision": precision})

    def count_translation(self, rung: str, checks: Iterable[tuple[str, str]]) -> None:
        """Count the rung of a sentence's translation, and the kind and verdict of each of its checks."""
        self.sentence_rungs.labels(rung).inc()
        for kind, verdict in checks:
            self.checks.labels(kind, verdict).inc()

    def watch_queue(
        self, tokens: Callable[[], float], sentences: Callable[[], float], wait_seconds: Callable[[], float]
    ) -> None:
        """Call these for the length of the queue whenever the metrics are read."""
        self.queue_tokens.set_function(tokens)
        self.queue_sentences.set_function(sentences)
        self.queue_wait_seconds.set_function(wait_seconds)
