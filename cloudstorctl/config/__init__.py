"""The file, the environment and the flags, made into one frozen Context."""

from cloudstorctl.config.context import Context, Flags, Output, Places
from cloudstorctl.config.load import load_context

__all__ = ["Context", "Flags", "Output", "Places", "load_context"]
