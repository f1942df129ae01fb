"""The dashboard: its JavaScript modules, its place in the sidebar, its sensors."""

from .details import async_register_details
from .serving import async_serve_modules
from .sidebar import async_keep_in_sidebar

__all__ = ["async_keep_in_sidebar", "async_register_details", "async_serve_modules"]
