"""Hugging Face's MarianMTModel, trained as by its `Trainer`, or with the weights of our model."""

from collections.abc import Mapping, Sequence

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import MarianConfig, MarianMTModel

from peers import ADAM_BETAS, CLIP_NORM, LABEL_SMOOTHING, LEARNING_RATE, Setup
from translator.config import ModelConfig
from translator.data.batching import Batch
from translator.data.tokenizer import BOS_ID, EOS_ID, PAD_ID
from translator.errors import ConfigError
from translator.model.attention import MultiHeadAttention
from translator.model.layers import DecoderLayer, EncoderLayer
from translator.model.transformer import Transformer


class Peer:
    """MarianMT with random weights, PyTorch's fused attention and fused AdamW, the defaults of transformers."""

    name = "HF MarianMT"
    version = transformers.__version__

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.model = (
            MarianMTModel(_config(setup.model, special_ids(BOS_ID, EOS_ID, PAD_ID))).to(setup.device).train()
        )
        self._forward = torch.compile(self.model, dynamic=True) if setup.should_compile else self.model
        self._parameters = [
            p for p in self.model.parameters() if p.requires_grad
        ]  # all except the position tables
        self._optimizer = torch.optim.AdamW(
            self._parameters, lr=LEARNING_RATE, betas=ADAM_BETAS, weight_decay=0.0, fused=True
        )

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update."""
        return float(self._optimizer.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def prepare(self, batch: Batch) -> Batch:
        """Return the batch unchanged: MarianMT's special ids can be set to ours."""
        return batch

    def step(self, prepared: Batch) -> Tensor:
        """Update once. The loss is computed here, because the model's own loss has no label smoothing."""
        batch = prepared.to(self._setup.device)
        with self._setup.autocast():
            logits_BTV = self._forward(
                input_ids=batch.source_BS,
                attention_mask=batch.source_keep_BS,
                decoder_input_ids=batch.target_input_BT,
                use_cache=False,
            ).logits
            loss = F.cross_entropy(
                logits_BTV.flatten(0, 1),
                batch.target_output_BT.flatten(),
                ignore_index=PAD_ID,
                label_smoothing=LABEL_SMOOTHING,
            )
        loss.backward()
        nn.utils.clip_grad_norm_(self._parameters, CLIP_NORM)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return loss.detach()


@torch.no_grad()
def with_weights_of(ours: Transformer, special: Mapping[str, int], forbidden: Sequence[int]) -> MarianMTModel:
    """Copy the weights of `ours`, which must be post-norm; `forbidden` ids get no probability.

    `special` has the ids that `MarianConfig` needs. Raises ConfigError for a pre-norm model.
    """
    if ours.config.norm == "pre":
        raise ConfigError("norm is pre, but MarianMT has only post-norm layers; give a post-norm model")
    theirs = MarianMTModel(_config(ours.config, special)).eval()
    theirs.model.decoder.embed_tokens.weight.copy_(ours.embedding.weight)
    source = ours.own_source_embedding or ours.embedding
    theirs.model.encoder.embed_tokens.weight.copy_(source.weight)
    theirs.lm_head.weight.copy_(ours.output_VD)
    if ours.logits_bias_V is not None:
        theirs.final_logits_bias[0] = ours.logits_bias_V
    theirs.final_logits_bias[:, list(forbidden)] = -torch.inf
    for stack, layers in ((theirs.model.encoder, ours.encoder), (theirs.model.decoder, ours.decoder)):
        stack.embed_positions.weight.copy_(ours.embedding.position_PD)
        for to, layer in zip(stack.layers, layers, strict=True):
            _fill(to, layer)
    return theirs


def _fill(to: nn.Module, layer: EncoderLayer | DecoderLayer) -> None:
    attentions = [("self_attn", layer.self_attention, layer.self_attention_residual)]
    if isinstance(layer, DecoderLayer):
        attentions.append(("encoder_attn", layer.cross_attention, layer.cross_attention_residual))
    for name, attention, residual in attentions:
        _fill_attention(getattr(to, name), attention)
        getattr(to, f"{name}_layer_norm").load_state_dict(residual.norm.state_dict())
    to.fc1.load_state_dict(layer.feed_forward.inner.state_dict())
    to.fc2.load_state_dict(layer.feed_forward.outer.state_dict())
    to.final_layer_norm.load_state_dict(layer.feed_forward_residual.norm.state_dict())


def _fill_attention(to: nn.Module, attention: MultiHeadAttention) -> None:
    linears = (to.q_proj, to.k_proj, to.v_proj, to.out_proj)
    query, key_value, output = attention.query, attention.key_value, attention.output
    weights = (query.weight, *key_value.weight.chunk(2), output.weight)
    biases = None if query.bias is None else (query.bias, *key_value.bias.chunk(2), output.bias)
    for place, linear in enumerate(linears):
        linear.weight.copy_(weights[place])
        linear.bias.copy_(biases[place] if biases else torch.zeros(()))


def special_ids(begin: int, end: int, pad: int) -> dict[str, int]:
    """Return the settings of a `MarianConfig` for special ids."""
    return {
        "pad_token_id": pad,
        "eos_token_id": end,
        "forced_eos_token_id": end,
        "decoder_start_token_id": begin,
    }


def _config(model: ModelConfig, special: Mapping[str, int]) -> MarianConfig:
    return MarianConfig(
        vocab_size=model.vocab_size,
        decoder_vocab_size=model.vocab_size,
        d_model=model.d_model,
        encoder_layers=model.encoder_layers,
        decoder_layers=model.decoder_layers,
        encoder_attention_heads=model.heads,
        decoder_attention_heads=model.heads,
        encoder_ffn_dim=model.d_ff,
        decoder_ffn_dim=model.decoder_d_ff or model.d_ff,
        dropout=model.dropout,
        attention_dropout=model.attention_dropout,
        activation_function=model.activation,
        max_position_embeddings=model.max_positions,
        scale_embedding=True,
        share_encoder_decoder_embeddings=model.embeddings == "shared",
        tie_word_embeddings=model.embeddings != "separate",
        **special,
    )
