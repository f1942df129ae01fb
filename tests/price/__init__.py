"""Prices and rules, without Home Assistant."""
