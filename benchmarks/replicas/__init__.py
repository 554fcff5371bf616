"""Two services, a Redis and a small proxy on one machine, as they would be on a cluster."""
