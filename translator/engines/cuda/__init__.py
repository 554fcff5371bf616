"""The engine for GPUs: one CUDA graph computes a step of all rows, including the choice of candidates.

Launch overhead drives the design. A step of the `base` model reads 77 MB of weights in bf16, which takes 23 µs at
3.35 TB/s. But it has about 130 small kernels, and at 5 µs each the host needs 600 µs to launch them. Hence:

**One graph per shape.** A graph replays recorded kernels with the shapes and addresses of the capture. So sizes are
rounded up to powers of two (sentences from 1, sources and translations from 32 positions), and buffers keep their
addresses. The first step of a shape runs directly, which is the warm-up that a capture needs; the second one captures
the graph. There are at most nine batch sizes times a few lengths. The `MOST_GRAPHS` most recently used are kept, and
share the memory for intermediate results. When buffers grow, graphs are captured again. A session borrows a decoder,
with its caches and graphs, while it has sentences; the next session reuses it.

**Sentences are contiguous.** A sentence has a place with room for W rows (its beam width). A step computes the first B
places, taken or not. A new sentence gets the first free place, and sentences move up when half of the places would
hold them. So no kernel has to gather: attention runs on whole sentences, W queries at once, against keys and values
where they are.

**Reordering a beam moves no keys.** For each sentence, the caches hold T · W slots, one per position and row. A row
writes its own slots, and a table gives, for each row and position, the row whose slot belongs to its history
(indirection, as in the native engine). The W rows of a sentence attend to all T · W slots, with those of other
histories masked. A position of a row takes 12 KB in `base`; with 64 sentences, W = 4 and 32 positions, a step reads
101 MB of slots, once. A gather in place would first move 4 times as much (read, write aside, read, write back), and a
gather through the table, which plain PyTorch needs before attention, 2 times as much. The price is W times the
attention products, for which tensor cores have capacity to spare. Cross-attention reads a source once for all rows of
its sentence. The host keeps the table: 16 KB in this example, sent in the same transfer as the tokens.

**One transfer each way.** Tokens, positions, mask indices, source lengths and the table share one pinned buffer and one
asynchronous copy; candidates and their log-probabilities come back in another. Masks stay on the GPU as long as the
caller passes the same array, and are sent when a row first uses them. A mask must not change after that.

**Greedy steps without the host.** A step with one candidate per row writes its token and the next position to the
inputs of the next replay. `run` launches replays and reads the tokens of each one from the small transfer back. With
few rows, it launches the next replay before it reads, so the GPU does not wait, and at most one step is wasted (its
keys lie after the ends of all histories, where nothing reads them). With many rows, some sentence ends in nearly every
step, so nothing is launched ahead. A test on the GPU could not end the loop any earlier, because a graph has no
branches.

**Rows that are not stepped** are computed like the others, from token 0. They write after their sentence's histories,
to slots that the next step overwrites or nothing reads, and their results are discarded. The keys and values of a place
are zeroed when a sentence is admitted, because a masked slot has weight 0, and 0 times NaN would be NaN.

The rows of a sentence are usually at the same position, and the slots there are unused. If a row goes back to an
earlier position than its sentence has reached (no search does this), its slots may belong to other histories. Then
every row of the sentence first gets a copy of its own history, outside the graph.

Weights keep the precision of the model, usually bf16; logits, log-softmax and scores are float32. Ties between
candidates go to the smaller id (`candidates.py`).

On a CPU, the same code runs with plain calls in place of graphs, streams and pinned memory (`lane.py`). This is how it
is tested: in float32 against the reference engine, and with a stand-in for capture and replay.
**No GPU was available: neither capture nor speed has been tried on one.**
"""
