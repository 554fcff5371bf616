"""Batches of pairs of similar length under a budget of padded tokens, each determined by (seed, epoch, index)."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from translator.config import AugmentationConfig
from translator.data.augmentation import Changes, augment, sample_changes
from translator.data.objectives import MakeSource
from translator.data.shards import PreparedCorpus, PreparedData
from translator.data.tokenizer import BOS_ID, EOS_ID, PAD_ID, Tokenizer
from translator.errors import ConfigError, DataError

_COPIES, _ORDER, _CHANGES, _SOURCES = 0, 1, 2, 3  # separate random streams from one seed
_NO_AUGMENTATION = AugmentationConfig()

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpecialIds:
    """The ids that batches add to those of texts; by default those of this project's tokenizer."""

    pad: int = PAD_ID
    begin: int = BOS_ID
    end: int = EOS_ID

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> "SpecialIds":
        """The ids of a tokenizer."""
        return cls(tokenizer.pad_id, tokenizer.begin_id, tokenizer.end_id)


_OWN = SpecialIds()


@dataclass(frozen=True)
class Batch:
    """Padded ids for one step of teacher forcing: predict `target_output_BT` from `target_input_BT`."""

    source_BS: torch.Tensor
    """Ids, then EOS."""
    target_input_BT: torch.Tensor
    """BOS, then ids: the target shifted right."""
    target_output_BT: torch.Tensor
    """Ids, then EOS."""
    pad_id: int = PAD_ID
    """The id of padding in all of them."""

    @property
    def source_keep_BS(self) -> torch.Tensor:
        """True where the source is not padding."""
        return self.source_BS != self.pad_id

    @property
    def source_tokens(self) -> int:
        """The number of source tokens, including EOS, excluding padding."""
        return int((self.source_BS != self.pad_id).sum())

    @property
    def target_tokens(self) -> int:
        """The number of target tokens to predict, including EOS, excluding padding."""
        return int((self.target_output_BT != self.pad_id).sum())

    def to(self, device: torch.device | str) -> "Batch":
        """Return the same batch on a device."""
        return Batch(
            self.source_BS.to(device, non_blocking=True),
            self.target_input_BT.to(device, non_blocking=True),
            self.target_output_BT.to(device, non_blocking=True),
            self.pad_id,
        )


@dataclass(frozen=True)
class EpochPlan:
    """The pairs of an epoch and how they are divided into batches."""

    pairs_N2: np.ndarray
    """(corpus index, pair index) per row; each batch is a slice."""
    changed: PreparedCorpus
    """The pairs that augmentation changed; in `pairs_N2` its index follows those of the data's corpora."""
    bounds_K2: np.ndarray
    """Start and end of each batch in `pairs_N2`, in training order."""
    left_out: int
    """The number of pairs longer than `max_tokens_per_side`."""
    padding_share: float
    """Padding as a share of all source and target positions; of the targets alone if the sources are made later."""


class TokenBudgetBatches:
    """Batches of pairs of similar length, from weighted corpora.

    In every batch, rows × padded length ≤ `batch_tokens` on both sides. A pair from a corpus with weight w
    appears floor(w) or ceil(w) times per epoch, and n·w times in n epochs, give or take one: with weight 0.25,
    each pair appears once in four epochs. Pairs with a side longer than `max_tokens_per_side`, including EOS,
    are left out.

    Augmentation changes some pairs before the epoch is divided into batches: upper case takes twice as many
    pieces, and one such row would pad a whole batch. A pair that would exceed `max_tokens_per_side` stays
    unchanged. Augmentation needs the tokenizer, so pass a `PreparedData`.

    For the first `both_directions_epochs` epochs, every second batch swaps source and target.

    In pre-training, `make_source` makes each source of a batch from its target, differently in every epoch; no source
    may be longer than its target.

    `special` and `make_source` apply to corpora; a `PreparedData` knows its own.

    With `is_logged`, the size of the first epoch is logged; later epochs leave out the same pairs.

    Raises `ConfigError` on settings that cannot work, and `DataError` if an epoch would be empty.
    """

    def __init__(
        self,
        data: PreparedData | Sequence[PreparedCorpus],
        *,
        batch_tokens: int,
        max_tokens_per_side: int,
        seed: int,
        augmentation: AugmentationConfig = _NO_AUGMENTATION,
        both_directions_epochs: int = 0,
        special: SpecialIds = _OWN,
        make_source: MakeSource | None = None,
        is_logged: bool = True,
    ) -> None:
        if max_tokens_per_side < 2 or seed < 0:
            raise ConfigError(
                f"max_tokens_per_side {max_tokens_per_side} must be at least 2, and seed {seed} at least 0"
            )
        if batch_tokens < max_tokens_per_side:
            raise ConfigError(
                f"batch_tokens {batch_tokens} cannot hold a pair of max_tokens_per_side {max_tokens_per_side}; "
                "raise batch_tokens or lower max_tokens_per_side"
            )
        self._corpora = list(data.corpora if isinstance(data, PreparedData) else data)
        self._batch_tokens = batch_tokens
        self._max_tokens_per_side = max_tokens_per_side
        self._seed = seed
        self._both_directions_epochs = both_directions_epochs
        self._augmentation = augmentation
        self._tokenizer = data.tokenizer if isinstance(data, PreparedData) else None
        if augmentation != _NO_AUGMENTATION and self._tokenizer is None:
            raise ConfigError("augmentation needs the tokenizer: pass a PreparedData, not a list of corpora")
        self._special, self._make_source = special, make_source
        if isinstance(data, PreparedData):
            self._make_source = data.make_source
        if self._tokenizer is not None:
            self._special = SpecialIds.of(self._tokenizer)
            _check_vocabulary(self._tokenizer, augmentation, both_directions_epochs)
        self._plans: dict[int, EpochPlan] = {}
        self._should_log = is_logged

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from index `start` on; they do not depend on which were read before."""
        for index in range(start, self.batch_count(epoch)):
            yield self.batch(epoch, index)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return one batch of an epoch."""
        plan = self.plan(epoch)
        start, end = plan.bounds_K2[index].tolist()
        is_reversed = epoch < self._both_directions_epochs and index % 2 == 1
        random = np.random.default_rng((self._seed, _SOURCES, epoch, index))
        return self._assemble(plan.pairs_N2[start:end], plan.changed, is_reversed, random)

    def batch_count(self, epoch: int) -> int:
        """Return the number of batches in an epoch."""
        return len(self.plan(epoch).bounds_K2)

    def plan(self, epoch: int) -> EpochPlan:
        """Return the plan of an epoch; the last two are cached, for the boundary between epochs."""
        if epoch not in self._plans:
            self._plans = {**dict([*self._plans.items()][-1:]), epoch: self._make_plan(epoch)}
            if self._should_log:
                self._log(epoch, self._plans[epoch])
                self._should_log = False
        return self._plans[epoch]

    def _make_plan(self, epoch: int) -> EpochPlan:
        pairs_N2, lengths_N2, left_out = self._select_pairs(epoch)
        if not len(pairs_N2):
            raise DataError(
                f"epoch {epoch} has no pairs; {left_out} are longer than max_tokens_per_side "
                f"{self._max_tokens_per_side}: raise it, raise the weights, or add data"
            )
        changed = self._change(pairs_N2, lengths_N2, np.random.default_rng((self._seed, _CHANGES, epoch)))
        random = np.random.default_rng((self._seed, _ORDER, epoch))
        order_N = random.permutation(len(pairs_N2))
        order_N = order_N[_length_order(lengths_N2[order_N])]
        pairs_N2, lengths_N2 = pairs_N2[order_N], lengths_N2[order_N]
        bounds_K2 = _cut(lengths_N2, self._batch_tokens)
        return EpochPlan(
            pairs_N2,
            changed,
            random.permutation(bounds_K2),
            left_out,
            self._padding_share(lengths_N2, bounds_K2),
        )

    def _change(
        self, pairs_N2: np.ndarray, lengths_N2: np.ndarray, random: np.random.Generator
    ) -> PreparedCorpus:
        """Augment some of the pairs: update both arrays in place and return the new ids."""
        changed = _ChangedPairs()
        for place, changes in sample_changes(self._augmentation, len(pairs_N2), random).items():
            corpus, pair = pairs_N2[place].tolist()
            sides = self._augment(self._corpora[corpus].pair(pair), changes, random)
            lengths = [len(ids) + 1 for ids in sides]
            if max(lengths) <= self._max_tokens_per_side:
                pairs_N2[place] = len(self._corpora), changed.add(*sides)
                lengths_N2[place] = lengths
        return changed.as_corpus()

    def _augment(
        self, sides: tuple[np.ndarray, np.ndarray], changes: Changes, random: np.random.Generator
    ) -> tuple[list[int], list[int]]:
        assert self._tokenizer is not None  # __init__ checks this
        # Users do not type hints, so a hint must not get typos or another casing. Augmented pairs have no hints.
        plain = (self._tokenizer.without_hints(ids.tolist()) for ids in sides)
        source, target = map(self._tokenizer.decode_marked, plain)
        source, target = augment(source, target, changes, random)
        return self._tokenizer.source.encode_marked(source), self._tokenizer.target.encode_marked(target)

    def _log(self, epoch: int, plan: EpochPlan) -> None:
        names = ("pair", "pairs") if self._make_source is None else ("line", "lines")
        logger.info(
            "epoch %d: %s in %s, %.1f %% padding; left out %s longer than %d tokens",
            epoch,
            _counted(len(plan.pairs_N2), *names),
            _counted(len(plan.bounds_K2), "batch", "batches"),
            100 * plan.padding_share,
            _counted(plan.left_out, *names),
            self._max_tokens_per_side,
        )

    def _select_pairs(self, epoch: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Return (corpus, pair) and lengths with EOS of the epoch's pairs, and the number of pairs left out."""
        pairs, lengths, left_out = [np.empty((0, 2), np.int32)], [np.empty((0, 2), np.int32)], 0
        for index, corpus in enumerate(self._corpora):
            lengths_P2 = corpus.lengths_P2.astype(np.int32) + 1
            fits_P = lengths_P2.max(axis=1) <= self._max_tokens_per_side
            copies_P = _copies(len(corpus), corpus.weight, (self._seed, _COPIES, index), epoch)
            chosen_N = np.repeat(np.arange(len(corpus), dtype=np.int32), copies_P * fits_P)
            pairs.append(np.stack((np.full_like(chosen_N, index), chosen_N), axis=1))
            lengths.append(lengths_P2[chosen_N])
            left_out += len(corpus) - int(fits_P.sum())
        return np.concatenate(pairs), np.concatenate(lengths), left_out

    def _padding_share(self, lengths_N2: np.ndarray, bounds_K2: np.ndarray) -> float:
        if self._make_source is not None:
            lengths_N2 = lengths_N2[:, 1:]
        longest_K2 = np.maximum.reduceat(lengths_N2, bounds_K2[:, 0])
        rows_K1 = np.diff(bounds_K2)
        return 1 - int(lengths_N2.sum(dtype=np.int64)) / int((longest_K2 * rows_K1).sum())

    def _assemble(
        self,
        pairs_B2: np.ndarray,
        changed: PreparedCorpus,
        is_reversed: bool,
        random: np.random.Generator,
    ) -> Batch:
        pairs_B2 = pairs_B2[np.argsort(pairs_B2[:, 0], kind="stable")]  # group by corpus
        source, target = (
            self._gather(pairs_B2, changed, target=side != is_reversed) for side in (False, True)
        )
        if self._make_source is not None:
            source = _made_sources(self._make_source, *target, random)
        special = self._special
        source_BS, source_lengths_B = _pad(*source, special.pad)
        target_BT, target_lengths_B = _pad(*target, special.pad)
        target_input_BT = np.roll(target_BT, 1, axis=1)  # the last column is free, for EOS
        target_input_BT[:, 0] = special.begin
        rows_B = np.arange(len(pairs_B2))
        source_BS[rows_B, source_lengths_B] = special.end
        target_BT[rows_B, target_lengths_B] = special.end
        return Batch(
            torch.from_numpy(source_BS),
            torch.from_numpy(target_input_BT),
            torch.from_numpy(target_BT),
            special.pad,
        )

    def _gather(
        self, pairs_B2: np.ndarray, changed: PreparedCorpus, *, target: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the concatenated ids of one side and the length of each; the pairs are sorted by corpus."""
        all_corpora = [*self._corpora, changed]
        corpora, starts = np.unique(pairs_B2[:, 0], return_index=True)
        parts = [
            all_corpora[corpus].gather(pairs_R2[:, 1], target=target)
            for corpus, pairs_R2 in zip(corpora, np.split(pairs_B2, starts[1:]), strict=True)
        ]
        return np.concatenate([ids_N for ids_N, _ in parts]), np.concatenate(
            [lengths_R for _, lengths_R in parts]
        )


class _ChangedPairs:
    """Collect the ids of changed pairs in memory."""

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._lengths: list[tuple[int, int]] = []

    def add(self, source: list[int], target: list[int]) -> int:
        """Append a pair and return its index."""
        self._tokens += source + target
        self._lengths.append((len(source), len(target)))
        return len(self._lengths) - 1

    def as_corpus(self) -> PreparedCorpus:
        return PreparedCorpus(
            "changed", np.array(self._tokens, np.uint16), np.array(self._lengths, np.uint16).reshape(-1, 2)
        )


def _counted(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"


def _check_vocabulary(
    tokenizer: Tokenizer, augmentation: AugmentationConfig, both_directions_epochs: int
) -> None:
    """Raise ConfigError on settings for which source and target need the same pieces, or text that comes back."""
    if tokenizer.kind == "sentencepiece":
        return
    for name, is_set in (
        ("augmentation", augmentation != _NO_AUGMENTATION),
        ("both_directions_epochs", both_directions_epochs > 0),
    ):
        if is_set:
            raise ConfigError(
                f"{name} needs a tokenizer of this project, and that of the data is {tokenizer.kind}; leave it at its "
                "default, or prepare the data without --tokenizer"
            )


def _made_sources(
    make_source: MakeSource, ids_N: np.ndarray, lengths_B: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the concatenated ids of the sources of these targets, and the length of each."""
    targets = np.split(ids_N, np.cumsum(lengths_B)[:-1])
    sources = [make_source(target_T, random) for target_T in targets]
    return np.concatenate(sources), np.array([len(source_S) for source_S in sources])


def _pad(ids_N: np.ndarray, lengths_B: np.ndarray, pad_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the padded ids of one side, with room for EOS, and their lengths."""
    width = int(lengths_B.max()) + 1
    ids_BL = np.full((len(lengths_B), width), pad_id, np.int64)
    ids_BL[np.arange(width) < lengths_B[:, None]] = ids_N
    return ids_BL, lengths_B


def _copies(pairs: int, weight: float, seed: tuple[int, ...], epoch: int) -> np.ndarray:
    """Return how often each pair appears in an epoch: floor(weight + u), with u uniform over pairs and epochs.

    u advances by the weight each epoch instead of being sampled anew. The copies of a pair therefore add up to
    what the weight promises, and with a weight below 1 each epoch uses a different part of the corpus.
    """
    phase_P = np.random.default_rng(seed).random(pairs)
    copies_P: np.ndarray = np.floor(phase_P + (epoch + 1) * weight) - np.floor(phase_P + epoch * weight)
    return copies_P.astype(np.int64)


def _length_order(lengths_N2: np.ndarray) -> np.ndarray:
    """Sort by target, then source length, in alternating direction so that neighbouring pairs stay similar."""
    source_N, target_N = lengths_N2.T
    return np.lexsort((np.where(target_N % 2, source_N, -source_N), target_N))


def _cut(lengths_N2: np.ndarray, batch_tokens: int) -> np.ndarray:
    """Divide sorted pairs into batches as large as the budget allows; return the start and end of each."""
    bounds, start = [], 0
    while start < len(lengths_N2):
        most = batch_tokens // int(lengths_N2[start].max())
        longest_R = np.maximum.accumulate(lengths_N2[start : start + most].max(axis=1))
        size = int(np.count_nonzero(longest_R * np.arange(1, len(longest_R) + 1) <= batch_tokens))
        bounds.append((start, start + size))
        start += size
    return np.array(bounds, np.int64).reshape(-1, 2)
