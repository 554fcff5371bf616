"""The Transformer in plain PyTorch: attention, encoder and decoder, loss and optimiser."""
