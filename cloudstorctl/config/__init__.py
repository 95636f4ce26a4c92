"""The file, the environment and the flags, made into one frozen Context."""

from cloudstorctl.config.context import Context, Flags, Output, Places
from cloudstorctl.config.docker_cli import folder_in as docker_folder
from cloudstorctl.config.docker_flags import NOTHING_GIVEN, DockerFlags
from cloudstorctl.config.load import load_context
from cloudstorctl.config.values import stack_and_glob

__all__ = [
    "NOTHING_GIVEN",
    "Context",
    "DockerFlags",
    "Flags",
    "Output",
    "Places",
    "docker_folder",
    "load_context",
    "stack_and_glob",
]
