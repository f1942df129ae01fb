"""The past that a demo is given."""
