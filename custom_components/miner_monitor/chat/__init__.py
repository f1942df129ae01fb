"""Commands that somebody writes in a chat; knows no Home Assistant."""
