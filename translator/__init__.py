"""English→German translation with the original encoder-decoder Transformer (Vaswani et al. 2017).

Tensor names carry their shape as a suffix, one capital per axis, batch first:

    B  sentences in a batch       D  model width (d_model)
    S  source length              H  attention heads
    T  target length              K  width of one head (d_model / heads)
    L  query length               F  feed-forward width (d_ff)
    M  key length                 V  vocabulary size
    W  beam width                 N  rows of a batch: B·W live ones of a search, B·T of a loss
    P  rows that are not padding  U  updates
    C  candidates of a row        X  vocabulary, padded for masks

In `translator.data`, P counts pairs and K batches. Letters for one function only are explained there.

Masks are boolean, True = may attend, and are named `*_keep_*`.
"""
