"""What is wrong with a swarm, or would be with a stack that is not deployed yet."""

from cloudstorctl.core.doctor.diagnosis import diagnose, diagnose_stack
from cloudstorctl.core.doctor.stack import Declared, Stack

__all__ = ["Declared", "Stack", "diagnose", "diagnose_stack"]
