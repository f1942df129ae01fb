"""What the numbers of a miner mean: pure state machines without Home Assistant."""
