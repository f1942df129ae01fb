"""What a user wants a miner to do, and that it really does it.

Knows no Home Assistant. ``door`` is the one way by which settings reach a device;
``intents`` remembers what is wanted and finds out where the device differs.
"""
