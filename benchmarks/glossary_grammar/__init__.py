"""Sentences with the terms of a glossary, for `benchmarks/glossary.py`: `entries`, then `sentences`."""
