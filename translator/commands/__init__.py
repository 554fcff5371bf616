"""The commands of `translator`, one module each: what they take, and what they print.

Each imports what it needs when it runs, so that --help and mistakes are answered at once.
"""

from rich.console import Console

STDOUT, STDERR = Console(), Console(stderr=True)
