"""What the recorder and insight tell of a stretch of time, as figures and words."""
