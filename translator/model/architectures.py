"""The network of each architecture."""

from translator.config import ModelConfig
from translator.config.model import Architecture
from translator.model.decoder_only import DecoderOnly
from translator.model.interface import TranslationModel
from translator.model.rnn import RecurrentNetwork
from translator.model.transformer import Transformer

_NETWORKS: dict[Architecture, type[TranslationModel]] = {
    "transformer": Transformer,
    "rnn": RecurrentNetwork,
    "decoder_only": DecoderOnly,
}


def build_network(config: ModelConfig) -> TranslationModel:
    """Build a network with random weights; raises ConfigError if `config` has no vocabulary size."""
    return _NETWORKS[config.architecture](config)
