"""The grammar of the fidelity benchmark: English sentences, and what must be found in their German.

It knows the values that it writes, and finds them again by its own simple rules. It uses nothing of the translator.
"""
