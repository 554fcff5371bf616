"""The HTTP service: the queue and its worker, the API, and the web page to translate in.

Reading order: `app` (routes), `batcher` (requests that arrive together are decoded together), `errors` (one
table from exceptions to answers), `schemas`, `middleware`, `settings`.
"""
