"""What the model did, and why: scores of given translations, word alignment, attention, steps of the search."""
