"""MarianMTModel of Hugging Face's transformers, trained as its `Trainer` does it."""

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import MarianConfig, MarianMTModel

from peers import ADAM_BETAS, CLIP_NORM, LABEL_SMOOTHING, LEARNING_RATE, Setup
from translator.batching import Batch
from translator.tokenizer import BOS_ID, EOS_ID, PAD_ID


class Peer:
    """Random weights; attention by PyTorch's fused kernel and AdamW fused, the defaults of transformers."""

    name = "HF MarianMT"
    version = transformers.__version__

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.model = MarianMTModel(_config(setup)).to(setup.device).train()
        self._forward = torch.compile(self.model, dynamic=True) if setup.should_compile else self.model
        self._parameters = [
            p for p in self.model.parameters() if p.requires_grad
        ]  # all but the position tables
        self._optimizer = torch.optim.AdamW(
            self._parameters, lr=LEARNING_RATE, betas=ADAM_BETAS, weight_decay=0.0, fused=True
        )

    @property
    def learning_rate(self) -> float:
        """Of the next update."""
        return float(self._optimizer.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def prepare(self, batch: Batch) -> Batch:
        """Nothing to do: its ids are free to choose."""
        return batch

    def step(self, prepared: Batch) -> Tensor:
        """One update on the smoothed loss, which the model's own `labels` would leave unsmoothed."""
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


def _config(setup: Setup) -> MarianConfig:
    model = setup.model
    return MarianConfig(
        vocab_size=model.vocab_size,
        d_model=model.d_model,
        encoder_layers=model.encoder_layers,
        decoder_layers=model.decoder_layers,
        encoder_attention_heads=model.heads,
        decoder_attention_heads=model.heads,
        encoder_ffn_dim=model.d_ff,
        decoder_ffn_dim=model.d_ff,
        dropout=model.dropout,
        activation_dropout=model.dropout,
        attention_dropout=model.attention_dropout,
        activation_function=model.activation,
        max_position_embeddings=model.max_positions,
        scale_embedding=True,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
        forced_eos_token_id=EOS_ID,
        decoder_start_token_id=BOS_ID,
    )
