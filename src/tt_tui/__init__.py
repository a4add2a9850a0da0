"""A trading workstation in the terminal."""
