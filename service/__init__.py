"""The HTTP service: the queue and its workers, the API, and the translation page.

Reading order: `app` (builds the application), `routes`, `engine` (the translator as the queue sees it),
`model_manager` (the model, from loading to draining), `batcher` (batches waiting sentences), `errors` (one table from
exceptions to responses), `schemas`, `middleware`, `settings`.
"""
