"""Who owes whom, read from the journal and the contracts and from nothing else."""
