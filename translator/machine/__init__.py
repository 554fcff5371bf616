"""The machine: its processor, its devices, and several processes."""
