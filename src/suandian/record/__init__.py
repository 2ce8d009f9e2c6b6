"""What happened: past-tense events in an append-only, hash-chained journal."""
