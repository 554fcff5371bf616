"""The plain PyTorch model as an engine, on any device and in any precision. Tests compare the other engines with it."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from translator.engines.protocol import Ahead, Candidates, Floats, Ints, Mask, Rows, Run, one_step
from translator.model.cache import Cache
from translator.model.interface import AttentionRecord, TranslationModel

_PAD = 0  # any token works: its position is masked
_MORE_POSITIONS = 32


class ReferenceEngine:
    """A model of any architecture, on the device and in the precision of its weights."""

    def __init__(self, model: TranslationModel, forbidden: Iterable[int] = ()) -> None:
        """`forbidden` tokens have probability zero."""
        self.model = model.eval()
        self.vocabulary = model.config.vocab_size
        self.positions = model.most_tokens
        self.forbidden = torch.tensor(list(forbidden), dtype=torch.long, device=model.device)

    def session(self) -> "ReferenceSession":
        """A new session without rows."""
        return ReferenceSession(self)


class ReferenceSession:
    """Keeps rows as the rows of tensors: there is room for R of them, and each belongs to one of B sentences."""

    def __init__(self, engine: ReferenceEngine) -> None:
        self._model, self._forbidden = engine.model, engine.forbidden
        self._device = engine.forbidden.device
        self._sentence_of = np.zeros(0, dtype=np.int64)
        """The sentence of each row."""
        self._length_of = np.zeros(0, dtype=np.int64)
        """The number of tokens in each row."""
        self._first_row_of: list[int] = []
        """The first row of each sentence."""
        self._free: dict[int, list[int]] = {}
        """Released sentences, by their number of rows; new sentences reuse them."""
        self._memory: list[Cache] = []
        """A row for each sentence."""
        self._past: list[Cache] = []
        """A row for each row, with room for `_places` positions."""
        self._places = 0
        self._source_keep_BS = torch.zeros((0, 0), dtype=torch.bool, device=self._device)

    @torch.inference_mode()
    def admit(self, sources: Sequence[Sequence[int]], width: int) -> Ints:
        """See `Session.admit`."""
        source_BS = pad_sequence(
            [torch.tensor(source) for source in sources], batch_first=True, padding_value=_PAD
        )
        lengths_B1 = torch.tensor(list(map(len, sources))).unsqueeze(1)
        keep_BS = (torch.arange(source_BS.shape[1]) < lengths_B1).to(self._device)
        memory, past = self._model.start(source_BS.to(self._device), keep_BS)
        if not self._memory:
            self._memory = [one.without_rows() for one in memory]
            self._past = [one.without_rows() for one in past]
        numbers = torch.tensor([self._place(width) for _ in sources], device=self._device)
        sentences, length = len(self._first_row_of), max(keep_BS.shape[1], self._source_keep_BS.shape[1])
        self._memory = [one.padded(sentences, length) for one in self._memory]
        for kept, new in zip(self._memory, memory, strict=True):
            kept.put(numbers, new.padded(len(sources), length))
        self._source_keep_BS = _padded(self._source_keep_BS, sentences, length)
        self._source_keep_BS[numbers] = _padded(keep_BS, len(sources), length)
        first_row_B = np.array([self._first_row_of[number] for number in numbers.tolist()], dtype=np.int32)
        self._begin(first_row_B, width, past)
        return first_row_B

    def _begin(self, first_row_B: Ints, width: int, past: Sequence[Cache]) -> None:
        """Give each row of new sentences the state from which their translation starts."""
        self._make_room(0)
        row_N = torch.from_numpy((first_row_B[:, None] + np.arange(width)).flatten()).to(self._device)
        sentence_N = torch.arange(len(first_row_B), device=self._device).repeat_interleave(width)
        for kept, new in zip(self._past, past, strict=True):
            kept.put(row_N, new.select(sentence_N).padded(len(row_N), self._places))

    def _place(self, width: int) -> int:
        """Allocate a sentence with `width` rows; returns its number."""
        if self._free.get(width):
            number = self._free[width].pop()
        else:
            number = len(self._first_row_of)
            self._first_row_of.append(len(self._sentence_of))
            self._sentence_of = np.append(self._sentence_of, np.repeat(number, width))
            self._length_of = np.append(self._length_of, np.zeros(width, dtype=np.int64))
        first = self._first_row_of[number]
        self._length_of[first : first + width] = 0
        return number

    def step(self, rows: Rows, masks_MX: Mask, best: int) -> Candidates:
        """See `Session.step`."""
        log_probability_NV = self._log_probabilities(rows)
        masks_MV = torch.from_numpy(masks_MX[:, : log_probability_NV.shape[1]]).to(self._device)
        allowed_NV = masks_MV[torch.from_numpy(rows.mask_N).long().to(self._device)]
        # The sort is stable, so ties go to the smaller id on every device.
        ranked_NV = log_probability_NV.masked_fill(~allowed_NV, -torch.inf).sort(
            dim=1, descending=True, stable=True
        )
        best_NC, token_NC = ranked_NV.values[:, :best].cpu(), ranked_NV.indices[:, :best].cpu()
        token_NC = token_NC.masked_fill(best_NC == -torch.inf, -1)
        return Candidates(token_NC.numpy().astype(np.int32), best_NC.numpy())

    def run(self, rows: Rows, masks_MX: Mask, best: int, ahead: Ahead) -> Run:
        """See `Session.run`; makes a single step."""
        return one_step(self.step(rows, masks_MX, best))

    def distribution(self, rows: Rows) -> Floats:
        """See `Session.distribution`."""
        found: Floats = self._log_probabilities(rows).cpu().numpy()
        return found

    def attention(self, rows: Rows, layer: int, head: int) -> Floats:
        """See `Session.attention`."""
        asked = self._model.alignment_modules[layer]
        record: AttentionRecord = {asked: None}
        self._log_probabilities(rows, record)
        weights_NHLM = record[asked]
        assert weights_NHLM is not None
        sources = self._source_keep_BS.shape[1]
        found: Floats = weights_NHLM[:, head, 0, :sources].float().cpu().numpy()
        return found

    def release(self, first_row_B: Ints) -> None:
        """See `Session.release`."""
        for number in self._sentence_of[first_row_B].tolist():
            width = int((self._sentence_of == number).sum())
            self._free.setdefault(width, []).append(number)

    @torch.inference_mode()
    def _log_probabilities(self, rows: Rows, record: AttentionRecord | None = None) -> Tensor:
        """Feed the tokens, and return the log-probabilities of the next ones: (N, V), float32."""
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
            kept.put(row_N, changed)
        self._length_of[rows.row_N] = place_N + 1
        return logits_NV.float().index_fill(1, self._forbidden, -torch.inf).log_softmax(1)

    def _make_room(self, positions: int) -> None:
        """Grow the caches to hold all rows and this many positions."""
        if self._places < positions:
            self._places = positions + _MORE_POSITIONS
        self._past = [one.padded(len(self._sentence_of), self._places) for one in self._past]


def _padded(keep_BS: Tensor, rows: int, length: int) -> Tensor:
    """Pad with False to this number of rows, and to this length."""
    return F.pad(keep_BS, (0, length - keep_BS.shape[1], 0, rows - len(keep_BS)))
