"""The commands of `translator`, one module each: what they take, and what they print.

Each imports what it needs when it runs, so that --help and mistakes are answered at once.
"""

from typing import TYPE_CHECKING

from rich.console import Console

from translator.errors import InputError

if TYPE_CHECKING:
    from translator.search import SearchOptions

STDOUT, STDERR = Console(), Console(stderr=True)

_OPTION_NAMES = {"beam_size": "--beam", "length_penalty": "--length-penalty"}


def search_options(beam: int, length_penalty: float) -> "SearchOptions":
    """What --beam and --length-penalty ask for; raises InputError, which names them, on values out of range."""
    from translator.search import SearchOptions

    try:
        return SearchOptions(beam_size=beam, length_penalty=length_penalty)
    except InputError as error:
        field, _, complaint = str(error).partition(" ")
        raise InputError(f"{_OPTION_NAMES[field]} {complaint}") from error
