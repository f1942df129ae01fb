"""The text of ``Key[Value]`` items in which an Avalon tells nearly everything."""

import re

_ITEM = re.compile(r"(\w+)\[([^\]]*)\]")


def blob_items(text: str) -> dict[str, str]:
    """Take a blob apart; an item whose bracket is not closed does not exist."""
    return dict(_ITEM.findall(text))
