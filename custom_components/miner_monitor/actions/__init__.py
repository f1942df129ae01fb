"""The actions that a user calls, one module for each kind."""
