"""Training: the loop, its stream of batches, data parallelism, stopping and resuming."""

from translator.training.batch_size import resolve_batch_size
from translator.training.folder import lock_run_dir
from translator.training.loop import MAX_BAD_STEPS, Trainer
from translator.training.processes import Processes, join_processes
from translator.training.progress import Progress

__all__ = [
    "MAX_BAD_STEPS",
    "Processes",
    "Progress",
    "Trainer",
    "join_processes",
    "lock_run_dir",
    "resolve_batch_size",
]
