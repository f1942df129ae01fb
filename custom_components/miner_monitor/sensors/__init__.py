"""Tables of the sensors of a miner, by what they are about."""
