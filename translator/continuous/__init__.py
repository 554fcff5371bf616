"""Beam search in slots of fixed shape that are refilled as sentences end: continuous batching, for a GPU.

A GPU computes a step in a fraction of the time that it takes to start the step's hundred operations one by one, and
to ask it whether a sentence has ended. So no shape here depends on a result: the whole step, network and search, is
recorded once as a CUDA graph and replayed, and the answers are asked for every few steps. The same step runs without
a graph on a processor, where it is tested against `translator.search`.
"""

from translator.continuous.beams import Limits
from translator.continuous.engine import ContinuousSearch

__all__ = ["ContinuousSearch", "Limits"]
