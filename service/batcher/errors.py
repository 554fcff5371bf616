"""What the queue answers when it does not serve."""

from translator.errors import TranslatorError


class BatcherError(TranslatorError):
    """Work that the queue did not do."""


class QueueFull(BatcherError):
    """Too much is waiting already; the same request can succeed after `retry_after_seconds`."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DeadlineExceeded(BatcherError):
    """The answer did not come in time."""


class WorkerUnavailable(BatcherError):
    """The workers have stopped, by an error or because the service is shutting down."""


class OutOfMemory(BatcherError):
    """The engine could not get the memory that a batch needs; a smaller batch may do."""


class DeviceLost(BaseException):
    """The device computes nothing any more, and only another process can use it: not an error of one batch."""
