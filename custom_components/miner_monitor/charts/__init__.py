"""Pictures of what miners did, drawn with Pillow; no Home Assistant.

Only who draws imports the modules beside ``model``: they load Pillow.
"""
