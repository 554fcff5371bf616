"""The commands of `translator`, one module each: their options and their output.

Each command imports what it needs only when it runs, so that --help and error messages appear at once.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import Annotated, Any, get_origin

from rich.console import Console
from tyro.conf import UseAppendAction, arg

from translator.errors import InputError
from translator.options import (
    Device,
    Format,
    LengthPenalty,
    Lines,
    Numbers,
    Option,
    RequestedFormality,
    RequestedPrecision,
    Sampling,
    SearchOptions,
    SourceLanguage,
    TranslateAttributes,
    declared,
    description_of,
)

STDOUT, STDERR = Console(), Console(stderr=True)


def _help(annotation: Any) -> Any:
    return arg(help=description_of(annotation).replace("`", ""))


NumbersFlag = Annotated[Numbers, _help(Numbers)]
FormalityFlag = Annotated[RequestedFormality, _help(RequestedFormality)]
SourceLanguageFlag = Annotated[SourceLanguage, _help(SourceLanguage)]
TranslateAttributesFlag = Annotated[TranslateAttributes, _help(TranslateAttributes)]
LinesFlag = Annotated[Lines, _help(Lines)]
FormatFlag = Annotated[Format, _help(Format)]
LengthPenaltyFlag = Annotated[LengthPenalty, _help(LengthPenalty)]
DeviceFlag = Annotated[Device, _help(Device)]
PrecisionFlag = Annotated[RequestedPrecision, _help(RequestedPrecision)]

OptionalPath = Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="")]
"""A path whose help says what happens if it is left out."""

_FLAGS = {"beam_size": "beam", "banned": "ban", "sampling": "sample"}
"""The flags that have another name than their option."""


def flag_of(option: Option) -> str:
    """The name of an option on the command line, without dashes."""
    return _FLAGS.get(option.name, option.name)


def _searching() -> Iterator[Option]:
    """The options that every command with a search has."""
    return (option for option in declared(SearchOptions) if option.name not in ("n_best", "sampling"))


def _flags() -> Iterator[tuple[str, Any, Any]]:
    """The fields of `SearchArguments`. Sampling is a flag and its options, for tyro would make it a subcommand."""
    [sampling] = (option for option in declared(SearchOptions) if option.name == "sampling")
    flag = sampling._replace(annotation=Annotated[bool, ...], default=False)
    for option in (*_searching(), flag, *declared(Sampling)):
        kind: Any = Annotated[option.annotation, arg(help=with_flags(option.description))]
        if get_origin(kind.__origin__) is tuple:
            kind = Annotated[kind, UseAppendAction]
        yield flag_of(option), kind, field(default=option.default)


def with_flags(message: str) -> str:
    """Replace the names of options in a message by their flags."""
    flags = {
        option.name: f"--{flag_of(option).replace('_', '-')}"
        for options in (SearchOptions, Sampling)
        for option in declared(options)
    }
    names = "|".join(name for name in flags if "_" in name)
    return re.sub(rf"^\w+(?= is )|\b({names})\b", lambda name: flags.get(name[0], name[0]), message)


_Flags: Any = make_dataclass("_Flags", _flags(), frozen=True)


class SearchArguments(_Flags):  # type: ignore[misc]  # made from the declarations
    """How to search: `SearchOptions` for the command line."""

    def options(self, n_best: int = 1) -> SearchOptions:
        """Build the `SearchOptions`; raises InputError on values out of range."""
        sampling = Sampling(**self._values(declared(Sampling)))
        if not self.sample and sampling != Sampling():
            flags = ", ".join(f"--{option.name.replace('_', '-')}" for option in declared(Sampling))
            raise InputError(f"{flags} need sampling; add --sample")
        return SearchOptions(
            **self._values(_searching()), n_best=n_best, sampling=sampling if self.sample else None
        )

    def _values(self, options: Iterable[Option]) -> dict[str, Any]:
        return {option.name: getattr(self, flag_of(option)) for option in options}
