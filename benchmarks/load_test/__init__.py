"""A load test of the service, run by `benchmarks/service_load.py`.

Reading order: `server` (starts the service), `client`, `load` (sends requests), `results`, and then the cases: `speed`,
`overload`, `robustness`, `disconnects`. `echo_service` is the service with an echo in place of the model.
"""
