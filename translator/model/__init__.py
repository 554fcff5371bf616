"""Networks in plain PyTorch: the Transformer, a recurrent baseline, a decoder-only model; loss and optimiser."""
