"""The CPU engine in C: see engine.h."""
