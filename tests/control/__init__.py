"""Control runs without Home Assistant."""
