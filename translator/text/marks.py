"""Marks: private-use characters that stand for the reserved pieces of a vocabulary."""

import re

FIRST_MARK = 0xF0000
"""In marked text, reserved piece i is the private-use character U+F0000 + i."""
MARK_RANGE = f"{chr(FIRST_MARK)}-{chr(FIRST_MARK + 0xFF)}"
"""All marks, as a range in a character class of a regular expression."""
MARK = re.compile(f"[{MARK_RANGE}]")
