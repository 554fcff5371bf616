"""Documents that are ZIP archives of XML: only parts with translated text change, all others stay as they are."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy

from lxml import etree

from translator.documents.language import mark_german
from translator.errors import InputError, InputTooLong

_MAX_BYTES = 500_000_000
"""What all parts may take in all when they are unpacked."""
_MAX_PART_BYTES = 100_000_000
"""What a part with text may take."""
_MAX_PARTS = 20_000
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = 0x1
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)
"""What zipfile raises for damaged archives, and for kinds of compression that it does not know."""


class Package:
    """An archive that has been read. Its parts are read when they are needed."""

    def __init__(self, content: bytes, what: str) -> None:
        """`what` is the format for messages; raises InputError for what is not an archive of it, and InputTooLong."""
        self._what = what
        if not content:
            raise InputError(f"the file is empty, but a {what} file never is; save it again")
        if content.startswith(_COMPOUND_FILE):
            raise InputError(
                f"the file is no {what} file: it is protected by a password, or in the format before 2007; save it "
                "without a password in the current format"
            )
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except _DAMAGED:
            raise InputError(
                f"the file is no {what} file, or is damaged; open it and save it again"
            ) from None
        self._parts = self._archive.infolist()
        self._check_size()

    def _check_size(self) -> None:
        if len(self._parts) > _MAX_PARTS:
            raise InputTooLong(f"the file has {len(self._parts)} parts; the limit is {_MAX_PARTS}")
        size = sum(part.file_size for part in self._parts)
        if size > _MAX_BYTES:
            raise InputTooLong(
                f"unpacked, the file has {size} bytes; the limit is {_MAX_BYTES}. Remove or shrink its pictures"
            )
        if len(set(self.names)) < len(self._parts):
            raise InputError(
                "the file is damaged: two of its parts have the same name; open it and save it again"
            )
        if any(part.flag_bits & _ENCRYPTED for part in self._parts):
            raise InputError("the file is protected by a password; save it without one")

    @property
    def names(self) -> list[str]:
        """The names of the parts."""
        return [part.filename for part in self._parts]

    def read(self, name: str) -> bytes:
        """Return the bytes of a part; raises InputError, InputTooLong."""
        part = self._archive.getinfo(name)
        if part.file_size > _MAX_PART_BYTES:
            raise InputTooLong(
                f"{name} in the file has {part.file_size} bytes; the limit is {_MAX_PART_BYTES}. Split the file"
            )
        return self._unpack(part)

    def _unpack(self, part: zipfile.ZipInfo) -> bytes:
        try:
            return self._archive.read(part)
        except _DAMAGED:
            raise InputError(
                f"the {self._what} file is damaged at {part.filename}; open it and save it again"
            ) from None

    def parse(self, name: str) -> etree._ElementTree:
        """Parse a part of XML, without entities of its own or anything outside it; raises InputError."""
        return parse_xml(self.read(name), name)

    def write(self, changed: Mapping[str, bytes]) -> bytes:
        """Return the archive with other contents for some parts."""
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for part in self._parts:
                content = changed[part.filename] if part.filename in changed else self._unpack(part)
                archive.writestr(copy(part), content)  # a copy, because it is changed
        return written.getvalue()


def parse_xml(content: bytes, name: str) -> etree._ElementTree:
    """Parse XML that loads nothing; raises InputError if it is not well-formed or declares a document type."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.ElementTree(etree.fromstring(content, parser))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(
            f"{name} in the file is not valid XML: {error}; open the file and save it again"
        ) from None
    if tree.docinfo.internalDTD is not None:
        raise InputError(f"{name} in the file declares a document type, which such files never have")
    return tree


def serialised(tree: etree._ElementTree) -> bytes:
    """Write XML as office programs do."""
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True))


class XmlUnit:
    """A text in the XML of a part, and how to write its translation there."""

    def __init__(self, text: str, fill: Callable[[str], None]) -> None:
        self.text, self.fill = text, fill


ReadPart = Callable[[etree._ElementTree], Iterable[XmlUnit]]
"""Finds the texts of a part."""


def no_texts(_tree: etree._ElementTree) -> Iterable[XmlUnit]:
    """Read a part in which only the language is marked, such as styles."""
    return ()


class PackagedDocument:
    """A document in an archive."""

    def __init__(self, package: Package, readers: Sequence[tuple[str, ReadPart]]) -> None:
        """`readers` names the parts with text or marks of the language, and says how to read each."""
        self._package = package
        self._readers = readers
        self.units = [unit.text for _, _, units in self._parts() for unit in units]

    def _parts(self) -> Iterator[tuple[str, etree._ElementTree, list[XmlUnit]]]:
        """Parse the parts, and find their units."""
        for name, read in self._readers:
            tree = self._package.parse(name)
            yield name, tree, list(read(tree))

    def write(self, translations: Sequence[str], /) -> bytes:
        """Return the document with its translations; a part without changes stays as it is.

        If a text changes, what the parts with text mark as English is marked as German.
        """
        is_german = list(translations) != self.units
        remaining = iter(zip(self.units, translations, strict=True))
        changed = dict[str, bytes]()
        for name, tree, units in self._parts():  # parsed again: filling changes a tree
            pairs = [(unit, *next(remaining)) for unit in units]
            new = [(unit, translation) for unit, source, translation in pairs if source != translation]
            for unit, translation in new:
                unit.fill(translation)
            is_marked = is_german and mark_german(tree)
            if new or is_marked:
                changed[name] = serialised(tree)
        return self._package.write(changed)
