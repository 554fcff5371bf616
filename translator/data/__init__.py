"""From text to batches: tokenizer, corpora, prepared shards, batches, and the lexicon."""
