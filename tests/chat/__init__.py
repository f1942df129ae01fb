"""Tests of the commands of a chat."""
