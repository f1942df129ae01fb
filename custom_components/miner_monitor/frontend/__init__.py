"""The dashboard: its JavaScript modules and its place in the sidebar."""

from .serving import async_serve_modules
from .sidebar import async_keep_in_sidebar

__all__ = ["async_keep_in_sidebar", "async_serve_modules"]
