"""`python -m service`: serve the model over HTTP."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then finish what was accepted; returns the exit status."""
    _end_at_once()
    from service.serving import serve  # noqa: PLC0415 (it takes seconds, in which signals are heard too)

    return serve(arguments)


def _end_at_once() -> None:
    """Until the server takes them over, SIGTERM and SIGINT end the process: nothing has been accepted yet.

    The first process of a container would hear neither without a handler. SIGHUP, which would end any process, has
    nothing to do as long as there is no model to load anew.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not by an exception: what is being imported might catch it.
        signal.signal(number, lambda *_: os._exit(0))
    signal.signal(signal.SIGHUP, lambda *_: None)


if __name__ == "__main__":
    sys.exit(main())
