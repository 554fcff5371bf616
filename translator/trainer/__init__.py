"""Training: the loop, the batches it is fed, the processes that share it, and how it stops and goes on."""

from translator.trainer.batch_size import settle_batch_size
from translator.trainer.loop import BEST, MAX_BAD_STEPS, Trainer
from translator.trainer.processes import Processes, join_processes
from translator.trainer.progress import Progress

__all__ = ["BEST", "MAX_BAD_STEPS", "Processes", "Progress", "Trainer", "join_processes", "settle_batch_size"]
