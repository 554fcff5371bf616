"""The exceptions that this project raises deliberately.

    TranslatorError
    ├── ConfigError        a setting that cannot work, or an unknown key
    ├── DataError          a corpus, shard or tokenizer that is unreadable or inconsistent
    ├── CheckpointError    a checkpoint or model folder that is unreadable, foreign or incompatible
    │   └── DamagedError   … because its files are missing or changed
    └── InputError         a text or option that cannot be used for translation
        └── InputTooLong   … because it is over a limit

Every message names the offending value, the allowed range and the remedy.
"""


class TranslatorError(Exception):
    """Base class of all errors raised deliberately; catch it to catch all of them."""


class ConfigError(TranslatorError):
    """A setting is out of range, conflicts with another one, or does not exist."""


class DataError(TranslatorError):
    """A corpus, prepared shard or tokenizer is missing, damaged or inconsistent."""


class CheckpointError(TranslatorError):
    """A checkpoint or model folder is missing, damaged, foreign or incompatible."""


class DamagedError(CheckpointError):
    """A checkpoint or model folder has changed since it was written: files are missing or have other contents."""


class InputError(TranslatorError):
    """A text or option for translation is invalid."""


class InputTooLong(InputError):
    """A text for translation is over a limit."""
