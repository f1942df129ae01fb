"""What miners did: rows for files, and rows of prior tools' files; pure Python."""
