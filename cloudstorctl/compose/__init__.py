"""Stack files, read into the records of the core."""

from cloudstorctl.compose.declared import declared_in, source_at
from cloudstorctl.compose.file import stack_from

__all__ = ["declared_in", "source_at", "stack_from"]
