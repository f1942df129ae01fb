"""What the recorder and insight know of a period, as figures and words."""
