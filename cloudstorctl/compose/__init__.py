"""Stack files, read into the records of the core."""

from cloudstorctl.compose.declared import declared_in
from cloudstorctl.compose.file import stack_from
from cloudstorctl.compose.source import source_at

__all__ = ["declared_in", "source_at", "stack_from"]
