"""BLEU, and what a model does: scores of given translations, word alignment, attention, the steps of a search."""
