"""Import published weights of the original Transformer into a model folder.

Two families can be read: MarianMT (the OPUS-MT models), as `transformers` stores it or as Marian itself does, and FSMT
(Facebook's models of WMT19). `source` finds or downloads the files, `tensors` and `marian_npz` read weights,
`architecture` says what they are, `tokenizer_files` and `card` collect the rest, and `importing` writes the folder.
"""

from translator.published.importing import import_model

__all__ = ["import_model"]
