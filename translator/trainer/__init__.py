"""Training: the loop, the batches it is fed, the processes that share it, and how it stops and goes on."""

from translator.trainer.batch_size import settle_batch_size
from translator.trainer.folder import held
from translator.trainer.loop import MAX_BAD_STEPS, Trainer
from translator.trainer.processes import Processes, join_processes
from translator.trainer.progress import Progress

__all__ = ["MAX_BAD_STEPS", "Processes", "Progress", "Trainer", "held", "join_processes", "settle_batch_size"]
