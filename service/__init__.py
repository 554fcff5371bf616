"""The HTTP service: the queue and its workers, the API, and the translation page.

Reading order: `app` (builds the application), `routes`, `engine` (the translator as the queue sees it),
`loaded_model` (a model and its queue), `model_manager` (which model is served), `batcher` (batches waiting sentences),
`errors` (one table from exceptions to responses), `schemas`, `middleware`, `settings`.
"""
