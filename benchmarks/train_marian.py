"""Train Hugging Face's MarianMT on the same prepared data and for the same time as our model, to compare their scores.

    .venv/peers/bin/python benchmarks/train_marian.py --data PREPARED --out OUT --max-minutes 60 --sources dev/a.en
    .venv/bin/translator evaluate --source dev/a.en --reference dev/a.de --model RUN/model --hypothesis OUT/a.de

The model size, batches, label smoothing, gradient clipping and the shape of the learning-rate schedule are those of the
preset "small". The rest is MarianMT's own: post-norm, biases in attention, its initialisation. Because MarianMT has no
pre-norm, its learning rate is lower.
"""

import itertools
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import tyro
from peers import Setup
from peers.marian import Peer
from rich.progress import track

from translator.config import fit_to_vocabulary, small
from translator.data.batching import TokenBudgetBatches
from translator.data.shards import PreparedData
from translator.data.tokenizer import EOS_ID, PAD_ID, Tokenizer
from translator.errors import ConfigError, TranslatorError
from translator.evaluation.evaluate import read_lines
from translator.machine.device import choose_device, has_fast_bf16, set_up_processor
from translator.model.optim import learning_rate
from translator.text import normalise

BEAM_SIZE = 4
BATCH_SENTENCES = 32
"""Sentences that are translated together."""


@dataclass(frozen=True)
class Options:
    """What to train on, for how long, and what to translate afterwards."""

    data: Path
    """Folder written by `translator prepare`."""
    out: Path
    """Folder for the translations: NAME.de for each NAME.en."""
    sources: tuple[Path, ...]
    """English files to translate with the trained model."""
    max_minutes: float
    """Training time."""
    peak_learning_rate: float = 3e-4
    """With 1e-3, MarianMT does not learn."""
    threads: int = 0
    """CPU threads. 0 uses all cores."""
    device: str = "auto"
    log_every_steps: int = 100
    """Updates between two printed lines."""


def train(options: Options, data: PreparedData, device: torch.device) -> Peer:
    """Train until the time is over, with a learning rate that falls to zero."""
    preset = small()
    training = replace(
        preset.training, peak_learning_rate=options.peak_learning_rate, max_minutes=options.max_minutes
    )
    model_config = fit_to_vocabulary(preset.model, data.tokenizer.vocab_size)
    torch.manual_seed(training.seed)
    peer = Peer(Setup(model_config, device, has_fast_bf16(device), should_compile=device.type == "cuda"))
    batches = TokenBudgetBatches(
        data,
        batch_tokens=int(training.batch_tokens),
        max_tokens_per_side=training.max_tokens_per_side,
        seed=training.seed,
    )
    started, tokens = time.monotonic(), 0
    stream = itertools.chain.from_iterable(batches.batches(epoch) for epoch in itertools.count())
    for step, batch in enumerate(stream, start=1):
        share_done = (time.monotonic() - started) / (60 * options.max_minutes)
        if share_done >= 1:
            return peer
        peer.learning_rate = learning_rate(training, model_config.d_model, step, share_done)
        loss = peer.step(peer.prepare(batch))
        tokens += batch.target_tokens
        if step % options.log_every_steps == 0:
            speed = tokens / (time.monotonic() - started)
            print(
                f"step {step}  loss {float(loss):.3f}  target tokens {tokens:,}  tokens/s {speed:,.0f}  "
                f"{share_done:.0%} of the time"
            )
    raise AssertionError("the stream of batches is infinite")


@torch.inference_mode()
def translate(peer: Peer, tokenizer: Tokenizer, lines: list[str], device: torch.device) -> list[str]:
    """Translate with the beam search of transformers' `generate`, in batches of sentences of similar length."""
    peer.model.eval()
    ids = [[*tokenizer.source.encode_marked(normalise(line)), EOS_ID] for line in lines]
    order = sorted(range(len(lines)), key=lambda index: len(ids[index]))
    translations = [""] * len(lines)
    for start in track(range(0, len(order), BATCH_SENTENCES), "translating"):
        chosen = order[start : start + BATCH_SENTENCES]
        source_BS = torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(ids[index]) for index in chosen], batch_first=True, padding_value=PAD_ID
        ).to(device)
        output_BT = peer.model.generate(
            input_ids=source_BS,
            attention_mask=source_BS != PAD_ID,
            num_beams=BEAM_SIZE,
            max_new_tokens=2 * source_BS.shape[1] + 10,
        )
        for index, output in zip(chosen, output_BT[:, 1:].tolist(), strict=True):
            end = output.index(EOS_ID) if EOS_ID in output else len(output)
            translations[index] = tokenizer.target.decode(
                [token for token in output[:end] if token != PAD_ID]
            )
    return translations


def main() -> int:
    """Train and translate. Returns 0 on success and 1 after reporting an error."""
    options = tyro.cli(Options, description=__doc__)
    try:
        device = choose_device(options.device)
        set_up_processor(options.threads)
        if len({path.stem for path in options.sources}) < len(options.sources):
            raise ConfigError(
                "two source files have the same name, and so would their translations; rename one"
            )
        sources = {path: read_lines(path) for path in options.sources}
        options.out.mkdir(parents=True, exist_ok=True)
        data = PreparedData.open(options.data)
        peer = train(options, data, device)
        for path, lines in sources.items():
            translations = translate(peer, data.tokenizer, lines, device)
            target = options.out / f"{path.stem}.de"
            target.write_text("".join(f"{line}\n" for line in translations), encoding="utf-8")
            print(f"wrote {target}")
    except (TranslatorError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
