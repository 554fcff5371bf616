"""What `make compare` is made of: the models, their training for the same cost, and the page that shows it."""
