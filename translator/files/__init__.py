"""What is on disk: model folders, verified folders, and files that appear only when they are complete."""
