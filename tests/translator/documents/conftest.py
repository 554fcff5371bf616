"""Ways to translate documents in which everybody can see what was translated."""

from collections.abc import Callable, Mapping

import pytest

from translator.documents import read_document

Translate = Callable[[str, str, Mapping[str, str]], str]


@pytest.fixture
def translate() -> Translate:
    """Translate a text file whose units must be the keys of a dictionary, in order; the echo must be the identity."""

    def translate(name: str, text: str, german: Mapping[str, str]) -> str:
        document = read_document(name, text.encode())
        assert list(document.units) == list(german)
        # Only a catalogue is filled in even where the translation is the same.
        assert name.endswith(".po") or document.write(document.units) == text.encode()
        return document.write(list(german.values())).decode()

    return translate
