"""The queue in front of the model: batches waiting sentences of all requests.

Reading order: `jobs`, `request_queue`, `admission`, `running_batch`, `scheduling`.
"""

from service.batcher.admission import QueueLimits
from service.batcher.cache import ResultCache
from service.batcher.errors import (
    BatcherError,
    DeadlineExceeded,
    DeviceLost,
    OutOfMemory,
    QueueFull,
    WorkerUnavailable,
)
from service.batcher.jobs import Deadline, WorkItem
from service.batcher.scheduling import Batcher, Engine

__all__ = [
    "Batcher",
    "BatcherError",
    "Deadline",
    "DeadlineExceeded",
    "DeviceLost",
    "Engine",
    "OutOfMemory",
    "QueueFull",
    "QueueLimits",
    "ResultCache",
    "WorkItem",
    "WorkerUnavailable",
]
