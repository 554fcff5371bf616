"""`POST /score`."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient


def test_scores_are_in_the_order_of_the_pairs(client: TestClient) -> None:
    body = {"source": ["one", "two"], "target": ["a", "bc"], "length_penalty": 0.5, "tokens": True}
    answer = client.post("/score", json=body).json()
    assert answer.pop("seconds") >= 0
    piece = {"log_probability": -0.5}
    assert answer == {
        "scores": [
            {"score": -0.25, "log_probability": -0.5, "tokens": [{"piece": "a", **piece}]},
            {
                "score": -0.25,
                "log_probability": -1.0,
                "tokens": [{"piece": "b", **piece}, {"piece": "c", **piece}],
            },
        ],
        "model": "echo-en-de",
        "device": "cpu",
    }


def test_one_pair_without_its_pieces(client: TestClient) -> None:
    [scored] = client.post("/score", json={"source": "one", "target": "a"}).json()["scores"]
    assert scored == {"score": -0.5, "log_probability": -0.5, "tokens": None}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"source": "one"}, "target: is missing"),
        ({"source": ["one", "two"], "target": "a"}, "source has 2 sentences and target 1"),
        ({"source": 3, "target": "a"}, "source: must be a string or a list of strings"),
        (
            {"source": "a", "target": "a", "beam_size": 3},
            "beam_size: is not supported. The fields are source",
        ),
        ({"source": "a", "target": "a", "tokens": 1}, "tokens: must be true or false, or left out; it is 1"),
    ],
)
def test_invalid_requests_are_refused(client: TestClient, body: dict[str, Any], complaint: str) -> None:
    answer = client.post("/score", json=body)
    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]
