"""Settings of ModelConfig that published models have, for the tests of the engines."""

PUBLISHED = [
    {"activation": "swish", "attention_bias": True, "sinusoids": "marian", "logits_bias": True},
    {
        "attention_bias": True,
        "sinusoids": "fairseq",
        "first_position": 2,
        "embeddings": "separate",
        "decoder_d_ff": 9,
    },
    {"embeddings": "output-tied", "logits_bias": True},
]
"""Those of the published models, and of mixtures of them."""
