"""JSON: every string that is neither a key nor a bare number is a unit; ARB files of Flutter leave out the metadata."""

import json
import re
from collections.abc import Iterator
from functools import partial

from translator.documents.language import is_english
from translator.documents.slots import Slot, SlottedText, is_for_people, replacing
from translator.errors import InputError
from translator.text.encoding import EncodedText

_TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*+")(?P<key>\s*:)?|(?P<bracket>[\[{}\]])')


def read_json(content: bytes) -> SlottedText:
    """Read JSON; raises InputError."""
    source = _checked(content)
    return SlottedText(source, [slot for slot, _ in _strings(source.text)])


def read_arb(content: bytes) -> SlottedText:
    """Read an application resource bundle: the strings of the outermost object whose keys do not start with @."""
    source = _checked(content)
    strings = [(slot, keys[0]) for slot, keys in _strings(source.text) if len(keys) == 1]
    locales = [slot for slot, key in strings if key == "@@locale" and is_english(slot.text)]
    kept = [slot for slot, key in strings if not key.startswith("@")]
    return SlottedText(source, kept, [splice for slot in locales for splice in slot.fill("de")])


def _checked(content: bytes) -> EncodedText:
    source = EncodedText.of(content)
    try:
        json.loads(source.text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise InputError(f"the file is not JSON: {error}; correct it first") from None
    except RecursionError:
        raise InputError("the file nests lists and objects too deeply; split it") from None
    return source


def _strings(text: str) -> Iterator[tuple[Slot, list[str]]]:
    """Yield each string with a text, and the keys that lead to it; text known to be JSON has no other quotes."""
    keys = [""]
    for token in _TOKEN.finditer(text):
        if token["bracket"] in ("{", "["):
            keys.append("")
        elif token["bracket"]:
            keys.pop()
        elif token["key"]:
            keys[-1] = json.loads(token["string"])
        else:
            string, written = json.loads(token["string"], strict=False), token["string"]
            if is_for_people(string):
                encode = partial(json.dumps, ensure_ascii=written.isascii() and "\\u" in written)
                yield replacing(*token.span("string"), string, encode), keys[1:]
