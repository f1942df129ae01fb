"""The dialogs: what a user is asked, and what comes of it."""
