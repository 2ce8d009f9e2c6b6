"""The loop that joins a world and a coordinator, and the ports both plug into."""
