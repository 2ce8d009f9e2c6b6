"""What was really gained, read from the journal and the contracts and from nothing else."""
