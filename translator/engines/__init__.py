"""What computes: the plain model, C on a processor, and CUDA graphs, behind one protocol."""
