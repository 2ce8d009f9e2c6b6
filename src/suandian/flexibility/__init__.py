"""Which work is flexible, by how much and for how long."""
