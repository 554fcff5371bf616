"""Places in a text, and the characters beside them."""

Place = tuple[int, int]
"""Start and end in characters; the end is exclusive."""


def is_word_character(character: str) -> bool:
    """Whether a character is a letter, a digit or `_`; False for ""."""
    return character.isalnum() or character == "_"
