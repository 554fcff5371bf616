"""The HTTP service: the queue and its workers, the API, and the translation page.

Reading order: `app` (routes), `model_manager` (the loaded model), `batcher` (batches waiting sentences), `errors` (one
table from exceptions to responses), `schemas`, `middleware`, `settings`.
"""
