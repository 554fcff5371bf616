"""The plain model behind the engine's protocol, on any device and in any precision; the other engines are tested
against it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from translator.attention import AttentionRecord, KeyValue
from translator.engines.protocol import Candidates, Floats, Ints, Mask, Rows
from translator.model import Transformer

_PAD = 0  # any token: what stands in its place is masked
_MORE_POSITIONS = 32


class ReferenceEngine:
    """A Transformer, where it is and in the precision that its weights have."""

    def __init__(self, model: Transformer, forbidden: Iterable[int] = ()) -> None:
        """`forbidden` tokens have no probability."""
        self.model = model.eval()
        self.vocabulary = model.config.vocab_size
        self.positions = model.config.max_positions if model.config.positions == "learned" else None
        self.forbidden = torch.tensor(list(forbidden), dtype=torch.long, device=model.embedding.weight.device)

    def session(self) -> "ReferenceSession":
        """A new session without rows."""
        return ReferenceSession(self)


class ReferenceSession:
    """Rows as the rows of tensors: R of them have room, and each belongs to one of B sentences."""

    def __init__(self, engine: ReferenceEngine) -> None:
        self._model, self._forbidden = engine.model, engine.forbidden
        self._device = engine.forbidden.device
        self._sentence_of = np.zeros(0, dtype=np.int64)
        """Of each row; −1 for a free one."""
        self._length_of = np.zeros(0, dtype=np.int64)
        """The tokens that each row has."""
        self._memory: list[KeyValue] = []
        self._source_keep_BS = torch.zeros((0, 1), dtype=torch.bool, device=self._device)
        self._past: list[KeyValue] = []

    @torch.inference_mode()
    def admit(self, sources: Sequence[Sequence[int]], width: int) -> Ints:
        """As `Session.admit`."""
        source_BS = pad_sequence(
            [torch.tensor(source) for source in sources], batch_first=True, padding_value=_PAD
        )
        lengths_B1 = torch.tensor(list(map(len, sources))).unsqueeze(1)
        keep_BS = (torch.arange(source_BS.shape[1]) < lengths_B1).to(self._device)
        memory_BSD = self._model.encode(source_BS.to(self._device), keep_BS)
        newest = [layer.cross_attention.project_memory(memory_BSD) for layer in self._model.decoder]
        first_sentence = len(self._source_keep_BS)
        if not (self._sentence_of >= 0).any():  # nothing of what is there is needed
            self._sentence_of, self._length_of = self._sentence_of[:0], self._length_of[:0]
            self._memory, self._source_keep_BS, first_sentence = newest, keep_BS, 0
            self._past = [KeyValue(new.key_NHMK[:0, :, :0], new.value_NHMK[:0, :, :0]) for new in newest]
        else:
            self._memory = [_joined(old, new) for old, new in zip(self._memory, newest, strict=True)]
            self._source_keep_BS = _stacked(self._source_keep_BS, keep_BS, 1)
        first_row = len(self._sentence_of)
        numbers = np.arange(first_sentence, first_sentence + len(sources))
        self._sentence_of = np.concatenate([self._sentence_of, np.repeat(numbers, width)])
        self._length_of = np.concatenate([self._length_of, np.zeros(len(sources) * width, dtype=np.int64)])
        self._make_room(0)
        return (first_row + width * np.arange(len(sources))).astype(np.int32)

    def step(self, rows: Rows, masks_MX: Mask, best: int) -> Candidates:
        """As `Session.step`."""
        log_probability_NV = self._log_probabilities(rows)
        masks_MV = torch.from_numpy(masks_MX[:, : log_probability_NV.shape[1]]).to(self._device)
        allowed_NV = masks_MV[torch.from_numpy(rows.mask_N).long().to(self._device)]
        # A stable sort, so that of equals the first comes first on every device.
        ranked_NV = log_probability_NV.masked_fill(~allowed_NV, -torch.inf).sort(
            dim=1, descending=True, stable=True
        )
        best_NC, token_NC = ranked_NV.values[:, :best].cpu(), ranked_NV.indices[:, :best].cpu()
        token_NC = token_NC.masked_fill(best_NC == -torch.inf, -1)
        return Candidates(token_NC.numpy().astype(np.int32), best_NC.numpy())

    def run(self, rows: Rows, masks_MX: Mask, is_ordinary_X: Mask, most_steps: int) -> tuple[Ints, Floats]:
        """As `Session.run`: a single step."""
        found = self.step(rows, masks_MX, 1)
        return found.token_NC.T, found.log_probability_NC.T

    def distribution(self, rows: Rows) -> Floats:
        """As `Session.distribution`."""
        found: Floats = self._log_probabilities(rows).cpu().numpy()
        return found

    def attention(self, rows: Rows, layer: int, head: int) -> Floats:
        """As `Session.attention`."""
        asked = self._model.decoder[layer].cross_attention
        record: AttentionRecord = {asked: None}
        self._log_probabilities(rows, record)
        weights_NHLM = record[asked]
        assert weights_NHLM is not None
        found: Floats = weights_NHLM[:, head, 0].float().cpu().numpy()
        return found

    def release(self, first_row_B: Ints) -> None:
        """As `Session.release`."""
        sentences = self._sentence_of[first_row_B]
        self._sentence_of[np.isin(self._sentence_of, sentences)] = -1

    @torch.inference_mode()
    def _log_probabilities(self, rows: Rows, record: AttentionRecord | None = None) -> Tensor:
        """(N, V) of the next tokens, in float32, after the tokens were put in."""
        place_N = self._length_of[rows.parent_N]
        self._make_room(int(place_N.max()) + 1)

        def moved(x_N: npt.NDArray[np.integer]) -> Tensor:
            return torch.from_numpy(x_N).long().to(self._device)

        row_N, parent_N = moved(rows.row_N), moved(rows.parent_N)
        sentence_N = moved(self._sentence_of[rows.row_N])
        past = [layer.select(parent_N) for layer in self._past]
        memory = [layer.select(sentence_N) for layer in self._memory]
        keep_NS = self._source_keep_BS.index_select(0, sentence_N)
        logits_NV = self._model.decode_step(
            moved(rows.token_N), moved(place_N), past, memory, keep_NS, record
        )
        for kept, changed in zip(self._past, past, strict=True):
            kept.key_NHMK[row_N], kept.value_NHMK[row_N] = changed.key_NHMK, changed.value_NHMK
        self._length_of[rows.row_N] = place_N + 1
        return logits_NV.float().index_fill(1, self._forbidden, -torch.inf).log_softmax(1)

    def _make_room(self, positions: int) -> None:
        """Longer and more caches where rows need them."""
        missing_rows = len(self._sentence_of) - self._past[0].key_NHMK.shape[0]
        missing_places = positions - self._past[0].key_NHMK.shape[2]
        if missing_rows > 0 or missing_places > 0:
            more = 0, 0, 0, max(0, missing_places + _MORE_POSITIONS), 0, 0, 0, max(0, missing_rows)
            pad = torch.nn.functional.pad
            self._past = [KeyValue(pad(one.key_NHMK, more), pad(one.value_NHMK, more)) for one in self._past]


def _joined(old: KeyValue, new: KeyValue) -> KeyValue:
    """The sentences of both, filled up to the same length."""
    return KeyValue(_stacked(old.key_NHMK, new.key_NHMK, 2), _stacked(old.value_NHMK, new.value_NHMK, 2))


def _stacked(old: Tensor, new: Tensor, axis: int) -> Tensor:
    """Both along the first axis, filled up with zeros along another one."""
    length = max(old.shape[axis], new.shape[axis])
    filled = []
    for one in (old, new):
        missing = one.new_zeros((*one.shape[:axis], length - one.shape[axis], *one.shape[axis + 1 :]))
        filled.append(torch.cat([one, missing], dim=axis))
    return torch.cat(filled)
