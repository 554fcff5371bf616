"""The exceptions that this project raises on purpose.

    TranslatorError
    ├── ConfigError        a setting that cannot work, or a key that does not exist
    ├── DataError          a corpus, shard or tokenizer that cannot be read or makes no sense
    ├── CheckpointError    a checkpoint or model folder that cannot be read, or is foreign or incompatible
    │   └── DamagedError   … because it is not what was written
    └── InputError         a text or option that cannot be translated as given
        └── InputTooLong   … because it is over a limit

Every message names the offending value, the allowed range and the remedy.
"""


class TranslatorError(Exception):
    """Base of all errors raised on purpose; catching it catches every one of them."""


class ConfigError(TranslatorError):
    """A setting is out of range, contradicts another one, or does not exist."""


class DataError(TranslatorError):
    """A corpus, prepared shard or tokenizer is missing, damaged or inconsistent."""


class CheckpointError(TranslatorError):
    """A checkpoint or model folder is missing, damaged, foreign or incompatible."""


class DamagedError(CheckpointError):
    """A checkpoint or model folder is not what was written: files are missing, or have other contents."""


class InputError(TranslatorError):
    """A text or an option given for translation is not acceptable."""


class InputTooLong(InputError):
    """A text given for translation is over a limit."""
