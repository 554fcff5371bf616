"""Sentences of our own with checkable answers, a suite for each thing that a translation must do.

No sentence is from a corpus or a test set. Whoever adds one gives a right translation with it, and thinks of all that
other good translators might write: a right answer must never be refused.
"""
