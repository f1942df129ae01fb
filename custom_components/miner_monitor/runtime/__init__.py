"""What stands around one miner inside Home Assistant."""
