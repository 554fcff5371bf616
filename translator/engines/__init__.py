"""Engines that compute decoding steps: plain PyTorch, C on a CPU, and CUDA graphs, behind one protocol."""
