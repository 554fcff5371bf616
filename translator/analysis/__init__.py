"""Inspect the model: scores of given translations, word alignment, attention, and the steps of a search."""
