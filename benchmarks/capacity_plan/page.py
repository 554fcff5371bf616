"""Write the page from the figures and the assumptions."""

import textwrap
from collections.abc import Iterable, Sequence

from capacity_plan.figures import Figures
from capacity_plan.needs import Assumptions, corpus_need, limits, service_need
from service.settings import Settings

_REQUESTS_PER_DAY = (1e6, 10e6, 100e6)
_CORPORA = (100e6, 1e9)
_CORES = (16, 64, 256, 1024)
_WIDTH = 118


def write(figures: Figures, assumptions: Assumptions) -> str:
    """Return the page as Markdown."""
    sentences = f"--sentences {figures.sentences} " if figures.sentences else ""
    parts = (
        "# Capacity and costs",
        _paragraph(
            f"`python benchmarks/capacity.py {sentences}--lines {figures.lines} --requests {figures.requests} --out "
            "docs/capacity.md` measured the figures, computed the rest from them, and wrote this page. What was "
            "measured is in the first table, what was assumed in the second. Everything else is extrapolated: nobody "
            "ran these loads."
        ),
        *_measured(figures),
        *_assumed(assumptions),
        *_service(figures, assumptions),
        *_corpora(figures, assumptions),
        *_limits(figures, assumptions),
        *_unknown(),
    )
    return "\n\n".join(parts) + "\n"


def _measured(figures: Figures) -> Iterable[str]:
    yield "## What was measured"
    yield _paragraph(
        f"On one {figures.processor}, with the model `{figures.model}` in {figures.precision} and a beam of "
        f"{figures.beam_size}: {figures.lines:,} lines of a corpus, with a number in front of each so that they "
        f"differ, and {figures.requests:,} requests to the service, with its cache off. A sentence has "
        f"{figures.source_tokens:.1f} tokens on average. Times are processor time, of all processes together. When "
        f"the command started, the machine's load average was {figures.load_average:.1f}. Other programs make times "
        "longer: an idle machine has less than 0.5."
    )
    yield _table(
        ("", "each", "in a second of a core"),
        (
            ("`translator translate`, a line", *_cost(figures.line_seconds)),
            ("`POST /translate`, a request of one sentence", *_cost(figures.request_seconds)),
            ("the same with an echo in place of the model", *_cost(figures.empty_request_seconds)),
            ("splitting a sentence into tokens, part of all but the echo", *_cost(figures.splitting_seconds)),
            ("source tokens of the corpus", "", f"{figures.source_tokens / figures.line_seconds:,.0f}"),
        ),
    )
    yield _table(
        ("", "size"),
        (
            ("a line of the corpus and its translation", _bytes(figures.source_bytes + figures.target_bytes)),
            ("a request and its response, with headers", _bytes(figures.request_bytes)),
            ("memory of a process of `translator translate`", _bytes(figures.worker_bytes)),
            ("memory of the service", _bytes(figures.service_bytes)),
        ),
    )


def _assumed(assumptions: Assumptions) -> Iterable[str]:
    yield "## What was assumed"
    yield _paragraph("Each is an option of the command: `--tokens-per-sentence 40`, for example.")
    yield _table(
        ("assumption", "value", ""),
        [(f"`{name}`", f"{value:g}", meaning) for name, value, meaning in assumptions.described()],
    )


def _service(figures: Figures, assumptions: Assumptions) -> Iterable[str]:
    yield "## The service"
    yield _paragraph(
        "Requests of one sentence each. Count a request of ten sentences as ten: that is at most what it costs. Prices "
        "are for a month."
    )
    rows = []
    for requests in _REQUESTS_PER_DAY:
        need = service_need(requests, figures, assumptions)
        rows.append(
            (
                f"{requests / 1e6:.0f} M",
                f"{need.peak_per_second:,.0f}",
                f"{need.busy_cores:,.2f}",
                f"{need.replicas:,}",
                f"{need.price_per_month:,.0f}",
                f"{need.least_price_per_month:,.0f}",
                f"{need.peak_megabits:,.1f}",
                f"{need.peak_redis_commands:,.0f}",
            )
        )
    yield _table(
        (
            "requests a day", "a second at the peak", "busy cores",
            f"replicas of {assumptions.cores_per_replica} cores", "price, all replicas all the time",
            "price, as many as the load needs",
            "network, Mbit/s", "Redis, commands/s",
        ),
        rows,
    )  # fmt: skip


def _corpora(figures: Figures, assumptions: Assumptions) -> Iterable[str]:
    yield "## Corpora"
    yield _paragraph(
        "One sentence to a line, with Ray. Hours are for a cluster whose cores all translate. The price is the same "
        "for any number of cores."
    )
    yield _table(
        (
            *("sentences", "core-hours", "price", "read and written"),
            *(f"hours on {cores:,} cores" for cores in _CORES),
        ),
        [
            (
                f"{sentences / 1e6:,.0f} M",
                f"{need.core_hours:,.0f}",
                f"{need.price:,.0f}",
                f"{need.terabytes * 1000:,.0f} GB",
                *(f"{need.hours(cores):,.1f}" for cores in _CORES),
            )
            for sentences in _CORPORA
            for need in [corpus_need(sentences, figures, assumptions)]
        ],
    )


def _limits(figures: Figures, assumptions: Assumptions) -> Iterable[str]:
    found, settings = limits(figures, assumptions), Settings.model_fields
    wait_seconds, queue_tokens = settings["max_wait_seconds"].default, settings["max_queued_tokens"].default
    splitting = figures.splitting_seconds / figures.line_seconds
    yield "## Where the bottleneck moves"
    yield _paragraph(
        f"First, it is the processor. Splitting a text into sentences and tokens takes {100 * splitting:.0f} % of a "
        "line's time. Decoding, checking and writing take the rest. More cores help until something else is the limit:"
    )
    yield _table(
        ("limit", "reached at", "then"),
        (
            (
                "the Python code of one process of the service, which runs on one core at a time",
                f"{found.process_requests:,.0f} requests/s at most, on {found.process_cores:,.1f} cores",
                "more replicas, not larger ones",
            ),
            (
                "the network of a machine",
                f"{found.network_requests:,.0f} requests/s",
                "more machines; the service is far from it",
            ),
            (
                "the Redis that counts rates and quotas",
                f"{found.redis_requests:,.0f} requests/s of keys with limits",
                "a larger Redis; keys without limits are not counted",
            ),
            (
                "the disk and the network of the machine that starts a corpus job: it reads and writes everything",
                f"{found.disk_cores:,.0f} cores",
                "several jobs, each with a part of the files",
            ),
            (
                "the queue",
                f"{wait_seconds:g} s of work, or {queue_tokens / assumptions.tokens_per_sentence:,.0f} waiting "
                "sentences",
                "503 with `Retry-After`: new pods must be ready before a peak outlasts it, or run already",
            ),
        ),
    )


def _unknown() -> Iterable[str]:
    yield "## What is not known"
    yield _paragraph(
        "**GPUs.** No speed has been measured on a GPU, so there are no figures for them. The command measures the "
        "processor only."
    )
    yield _paragraph(
        "**A real cluster.** One machine cannot show how the network between nodes, a shared file system, slow nodes "
        "and the start of new machines change these figures. It also cannot show whether more cores of one machine "
        "are as fast as one: they share its memory bandwidth, its clock and often, two by two, a core."
    )
    yield _paragraph(
        "**Other text.** Time is taken to grow with the tokens of a sentence. Longer sentences take a little more than "
        "that, repairs of numbers and links take a second search, and tags an alignment."
    )


def _cost(seconds: float) -> tuple[str, str]:
    return f"{1000 * seconds:.2f} ms", f"{1 / seconds:,.0f}"


def _bytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,.0f} bytes"


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines)
