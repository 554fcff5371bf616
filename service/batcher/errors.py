"""The errors of the queue."""

from translator.errors import TranslatorError


class BatcherError(TranslatorError):
    """The queue did not do the work."""


class QueueFull(BatcherError):
    """Too much work is waiting; the same request may succeed after `retry_after_seconds`."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DeadlineExceeded(BatcherError):
    """The result was not ready in time."""


class WorkerUnavailable(BatcherError):
    """The workers have stopped, after an error or because the service is shutting down."""


class OutOfMemory(BatcherError):
    """A batch needs more memory than there is; a smaller one may fit."""


class DeviceLost(BaseException):
    """The device no longer computes anything, and only a new process can use it: not the error of one batch."""
