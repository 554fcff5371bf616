"""Translate or score corpora of any size on a Ray cluster; needs the extra `cluster`.

The rows of all files, in order, are cut into shards. One process, the driver, reads the shards and writes the results.
Workers, which are Ray actors with the model, only compute. So a worker can vanish at any moment, and what it had is
done again. Each shard has one writer, which gives the file its name when it is complete.

`inputs` finds and reads files, `formats` knows their rows, `worker` is what runs in an actor, `pool` keeps the actors
busy, `outputs` writes the shards, and `job` joins these.

Ray Data is not used. Its blocks do not suit shards that must be the same in every run, nor compressed files, which can
only be read from their start. With plain actors, it is known which rows an actor had when it died.
"""
