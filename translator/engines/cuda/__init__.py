"""The engine for GPUs: a step of all rows, the choice of the candidates included, is one CUDA graph.

What a GPU waits for decides the design. A step of the `base` model reads 77 MB of weights in bf16, 23 µs at 3.35 TB/s,
and has some 130 small kernels, which the host alone would take 600 µs to launch, at 5 µs each. So

**One graph per shape.** A graph replays recorded kernels, with the shapes and addresses that they had. Sizes are
therefore rounded up to powers of two (sentences from 1, sources and translations from 32 positions), buffers stay where
they are, and graphs are captured when a shape comes for the second time: its first step is computed directly, which is
the warm-up that a capture needs. Nine sizes of batches times a few lengths are a bound; the `MOST_GRAPHS` used last are
kept, and share the memory for what they compute on the way. When buffers grow, graphs are captured again. A
session borrows a decoder, with its caches and graphs, while it has sentences; the next session goes on with it.

**Sentences stand side by side.** A sentence has a place with room for W rows (the width of its beam); the step computes
the first B places, whether they are taken or not. A sentence is admitted to the first free place, and sentences move up
when they would fit into half of the places. So no kernel has to gather anything: attention is computed for
whole sentences, W queries at once, against keys and values where they lie.

**A beam's reorder moves no keys.** Of each sentence the caches hold T · W slots, one for each position and row; a row
writes its own, and a table says for each row and position which row's slot belongs to its history (indirection, as in
the native engine). The W rows of a sentence attend to all T · W slots, those of other histories masked. A position of a
row takes 12 KB in `base`; with 64 sentences, W = 4 and 32 positions a step reads 101 MB of them, once. A gather in
place would move 4 times as much before (read, write aside, read, write back), a gather through the table, which plain
PyTorch needs before its attention, 2 times as much. The price is W times the products of attention, which tensor cores
have to spare. Cross-attention reads a source once for all rows of its sentence. The table is kept by the host: 16 KB
here, in the same transfer as the tokens.

**One transfer each way.** Tokens, places, numbers of masks, lengths of sources and the table lie in one pinned buffer
and cross in one asynchronous copy; candidates and their log-probabilities come back in one. Masks stay on the GPU as
long as their array is the same one, and cross when a row uses them for the first time: what a mask in an array allows
must not change after that.

**Greedy steps without the host.** A step with one candidate a row writes its token and the next place where the next
replay reads them. `run` launches replays and looks at each one's tokens in the small transfer that comes back. With few
rows it launches the next replay before it looks, so the GPU does not wait, and at most one step is for nothing (its
keys are behind the ends of all histories, where nothing reads them). With many rows some sentence ends in nearly every
step, so nothing is launched ahead. A test on the GPU could end the loop no earlier: a graph has no branches.

**Rows that are not stepped** are computed like the others, from token 0. They write behind their sentence's histories,
into slots that the next step overwrites or nobody reads, and their results are thrown away. Keys and values of a place
are zeroed when a sentence is admitted, for a masked slot's weight is 0, and 0 times NaN would be NaN.

Rows of a sentence usually stand at the same place, and the slots at it are new. Where a row goes back behind a place
that its sentence has reached (no search does that), its slots may belong to others' histories: then every row of the
sentence first gets a copy of its own history, outside of the graph.

Weights have the precision that the model has, bf16 as a rule; logits, log-softmax and scores are float32. Of equally
likely candidates the one with the smaller id comes first (`candidates.py`).

On a processor the same code runs, with plain calls in the place of graphs, streams and pinned memory (`lane.py`): that
is how it is tested, in float32 against the reference engine, and with a stand-in for capture and replay.
**No GPU was at hand: neither a capture nor any speed has been tried on one.**
"""
