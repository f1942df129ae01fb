"""The rig: real Home Assistant and miner processes for demo, tests and bench."""
