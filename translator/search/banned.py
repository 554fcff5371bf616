"""Phrases that must not occur in a translation, however it is split into pieces.

An automaton (Aho and Corasick 1975) matches them against the characters of the text, one piece after another. From each
of its states, some pieces of the vocabulary complete a phrase. A phrase that starts with a letter or a digit matches
only at the start of a word, and several blanks count as one.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WORD_START, _IN_WORD = 0, 1
"""The states before any phrase has started: where a word may start, and within a word."""
_PADDING_CLASS, _WORD_CLASS, _OTHER_CLASS, _BLANK_CLASS = range(4)
"""The classes of the blank and of characters that occur in no phrase. Each other character has its own class."""
_BROKEN = "\ufffd"  # what invalid bytes decode to


class PieceTexts:
    """The UTF-8 text that each piece of a vocabulary adds; b"" for special pieces."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = texts
        self.fragments = [piece for piece, text in enumerate(texts) if _is_fragment(text)]
        """Pieces that are only part of a character."""
        whole = ["" if _is_fragment(text) else text.decode() for text in texts]
        code_VX = np.array(whole, dtype=np.str_)[:, None].view(np.uint32)  # shorter pieces end in zeros
        codes, place_VX = np.unique(code_VX, return_inverse=True)
        self.alphabet = [chr(code) for code in codes]
        self.character_XV = place_VX.reshape(code_VX.shape).T.copy()
        """The first, second, … character of each piece, as an index into the alphabet."""


@dataclass(frozen=True)
class _Row:
    """The transitions from one state."""

    next_V: npt.NDArray[np.int32]
    """The state after each piece."""
    completing: npt.NDArray[np.intp]
    """The pieces that complete a phrase."""


class BannedPhrases:
    """Tracks which pieces would complete a banned phrase; threads may share an instance."""

    def __init__(self, pieces: PieceTexts, phrases: Sequence[str]) -> None:
        self._pieces, self._automaton = pieces, _Automaton(phrases)
        classes = np.array(
            [self._automaton.class_of(character) for character in pieces.alphabet], dtype=np.int32
        )
        self._class_XV = classes[pieces.character_XV]
        self._states = [(node, b"") for node in range(self._automaton.nodes)]
        """Automaton states, each with the bytes of an incomplete character."""
        self._numbers = {state: number for number, state in enumerate(self._states)}
        self._rows: dict[int, _Row] = {}  # built when a translation first reaches the state
        self._building = threading.Lock()

    def after(self, state: int, token: int) -> int:
        """The state after a piece; the initial state is WORD_START."""
        return int(self._row(state).next_V[token])

    def completing(self, state: int) -> npt.NDArray[np.intp]:
        """The pieces that would complete a phrase."""
        return self._row(state).completing

    def _row(self, state: int) -> _Row:
        known = self._rows.get(state)
        if known is None:
            with self._building:
                known = self._rows[state] = self._make_row(state)
        return known

    def _make_row(self, state: int) -> _Row:
        """Read every piece from this state."""
        automaton, (node, half) = self._automaton, self._states[state]
        # A piece of whole characters leaves the incomplete one broken.
        first = automaton.next_of(node, _BROKEN) if half else node
        next_V = np.full(len(self._pieces.texts), first, dtype=np.int32)
        completes_V = np.zeros(len(next_V), dtype=bool)
        for class_V in self._class_XV:
            next_V = automaton.next_SC[next_V, class_V]
            completes_V |= automaton.is_complete_S[next_V] & (class_V != _PADDING_CLASS)
        for piece in self._pieces.fragments:
            next_V[piece], completes_V[piece] = self._read(node, half, self._pieces.texts[piece])
        return _Row(next_V, completes_V.nonzero()[0])

    def _read(self, node: int, half: bytes, fragment: bytes) -> tuple[int, bool]:
        """The state after part of a character, and whether that completes a phrase."""
        try:
            character = (half + fragment).decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                return self._state_of(node, half + fragment), False
            node = self._automaton.next_of(node, _BROKEN)
            return self._read(node, b"", fragment) if half else (node, False)
        node = self._automaton.next_of(node, character)
        return node, bool(self._automaton.is_complete_S[node])

    def _state_of(self, node: int, half: bytes) -> int:
        number = self._numbers.setdefault((node, half), len(self._states))
        if number == len(self._states):
            self._states.append((node, half))
        return number


class _Automaton:
    """An Aho-Corasick automaton: its state is the longest prefix of any phrase that the text ends with."""

    def __init__(self, phrases: Sequence[str]) -> None:
        phrases = [" ".join(phrase.split()) for phrase in phrases]
        characters = sorted(set("".join(phrases)) - {" "})
        self._classes = {" ": _BLANK_CLASS, "\0": _PADDING_CLASS}
        self._classes |= {character: _BLANK_CLASS + 1 + rank for rank, character in enumerate(characters)}
        self._is_word = [False, True, False, False, *map(str.isalnum, characters)]
        tree, ends = self._tree(phrases)
        self.nodes = len(tree)
        self.next_SC = np.zeros((self.nodes, len(self._is_word)), dtype=np.int32)
        """The state after a character of each class."""
        self.is_complete_S = np.zeros(self.nodes, dtype=bool)
        self.is_complete_S[ends] = True
        """Whether the text ends with a phrase in this state."""
        self._link(tree)

    def class_of(self, character: str) -> int:
        """The class of a character."""
        return self._classes.get(character, _WORD_CLASS if character.isalnum() else _OTHER_CLASS)

    def next_of(self, node: int, character: str) -> int:
        """The state after one more character."""
        return int(self.next_SC[node, self.class_of(character)])

    def _tree(self, phrases: Sequence[str]) -> tuple[list[dict[int, int]], list[int]]:
        """Build the trie: for each state, the next states by class; and the states in which phrases end."""
        tree: list[dict[int, int]] = [{}, {}]
        ends = []
        for phrase in phrases:
            node = WORD_START
            for character in phrase:
                following = tree[node].setdefault(self._classes[character], len(tree))
                if following == len(tree):
                    tree.append({})
                node = following
            ends.append(node)
        first = tree[WORD_START].items()
        tree[_IN_WORD] = {kind: node for kind, node in first if not self._is_word[kind]}
        return tree, ends

    def _link(self, tree: list[dict[int, int]]) -> None:
        """Fill in the transitions, shorter states first: where no phrase continues, a shorter one may."""
        outside_C = np.where(self._is_word, _IN_WORD, WORD_START)
        queue = deque[tuple[int, int]]()
        for root in (_IN_WORD, WORD_START):
            self.next_SC[root] = outside_C
            self._set_transitions(root, tree[root])
        queue.extend((node, int(outside_C[kind])) for kind, node in tree[WORD_START].items())
        while queue:
            node, shorter = queue.popleft()
            self.next_SC[node] = self.next_SC[shorter]
            self.is_complete_S[node] |= self.is_complete_S[shorter]
            queue.extend((longer, int(self.next_SC[node, kind])) for kind, longer in tree[node].items())
            self._set_transitions(node, tree[node])
        blanks = [following[_BLANK_CLASS] for following in tree if _BLANK_CLASS in following]
        self.next_SC[blanks, _BLANK_CLASS] = blanks

    def _set_transitions(self, node: int, following: dict[int, int]) -> None:
        self.next_SC[node, list(following)] = list(following.values())
        self.next_SC[node, _PADDING_CLASS] = node


def _is_fragment(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False
