"""`python -m service`: serve the model over HTTP."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then finish accepted requests; return the exit status."""
    _exit_on_signals()
    # Importing creates many objects and frees hardly any, so garbage collections only cost time: a fifth of the start.
    # `serve` enables them again.
    gc.disable()
    from service.serving import serve  # noqa: PLC0415 (takes seconds, in which signals must work too)

    return serve(arguments)


def _exit_on_signals() -> None:
    """Exit at once on SIGTERM and SIGINT until the server takes them over: no request has been accepted yet.

    Without handlers, the first process of a container would ignore both. SIGHUP, which ends a process by default, is
    ignored as long as there is no model to reload.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not with an exception, which a module that is being imported might catch.
        signal.signal(number, lambda *_: os._exit(0))
    signal.signal(signal.SIGHUP, lambda *_: None)


if __name__ == "__main__":
    sys.exit(main())
