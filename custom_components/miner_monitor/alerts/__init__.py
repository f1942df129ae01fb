"""Messages about miners: what is worth one, when it is sent, and in which words.

``book`` decides (no Home Assistant), ``words`` writes, ``trigger`` is their shell: the
trigger that fires once for all that is to be sent now.
"""
