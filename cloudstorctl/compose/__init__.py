"""Stack files, read into the records of the core."""

from cloudstorctl.compose.file import stack_from

__all__ = ["stack_from"]
