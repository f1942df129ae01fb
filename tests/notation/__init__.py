"""Tests of how numbers, days and times are written."""
