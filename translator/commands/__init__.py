"""The commands of `translator`, one module each: their options and their output.

Each command imports what it needs only when it runs, so that --help and error messages appear at once.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from tyro.conf import UseAppendAction

from translator.errors import InputError

if TYPE_CHECKING:
    from translator.search import SearchOptions

STDOUT, STDERR = Console(), Console(stderr=True)


@dataclass(frozen=True)
class SearchArguments:
    """How to search: `SearchOptions` for the command line, with shorter names and without a nested `Sampling`, which
    tyro would turn into a subcommand."""

    beam: int = 4
    """Beam width; 1 is greedy search, the fastest."""
    length_penalty: float = 1.0
    """Larger values favour longer translations; 0 compares plain probabilities."""
    min_length_factor: float = 0.0
    """Minimum number of German pieces per English piece."""
    max_length_factor: float = 2.0
    """Maximum number of German pieces per English piece, plus ten."""
    no_repeat_ngram: int = 0
    """Do not repeat any n-gram of this size; 0 allows repetition."""
    ban: UseAppendAction[tuple[str, ...]] = ()
    """Word or phrase that must not occur in a translation at the start of a word. Case matters."""
    sample: bool = False
    """Sample as many translations as the beam is wide, and return the best of them, instead of searching."""
    temperature: float = 1.0
    """Sampling temperature; values below 1 make likely pieces more likely."""
    top_k: int = 0
    """Sample only from the k most likely pieces; 0 samples from all."""
    top_p: float = 1.0
    """Sample from the smallest set of most likely pieces whose probabilities sum to at least this much."""
    seed: int = 0
    """Random seed for sampling."""

    def options(self, n_best: int = 1) -> "SearchOptions":
        """Build the `SearchOptions`; on values out of range, raises InputError with the names of the command line."""
        from translator.search import Sampling, SearchOptions

        try:
            sampling = Sampling(self.temperature, self.top_k, self.top_p, self.seed)
            if not self.sample and sampling != Sampling():
                raise InputError("--temperature, --top-k, --top-p and --seed need sampling; add --sample")
            return SearchOptions(
                beam_size=self.beam,
                length_penalty=self.length_penalty,
                n_best=n_best,
                min_length_factor=self.min_length_factor,
                max_length_factor=self.max_length_factor,
                no_repeat_ngram=self.no_repeat_ngram,
                banned=self.ban,
                sampling=sampling if self.sample else None,
            )
        except InputError as error:
            raise InputError(_with_option_names(str(error))) from error


def _with_option_names(message: str) -> str:
    """Replace the names of `SearchOptions` in a message by those of the command line."""
    message = message.replace("beam_size", "beam").replace("banned has", "ban has")
    for name in (
        "beam", "n_best", "length_penalty", "min_length_factor", "max_length_factor", "no_repeat_ngram", "ban",
        "temperature", "top_k", "top_p", "seed",
    ):  # fmt: skip
        message = message.replace(f"{name} is ", f"--{name.replace('_', '-')} is ")
    return message
