"""The side of an engine that runs containers, where no test may run one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudstorctl.swarm.ports import ContainerSpec


class RunsNothing:
    """Fails a test that comes here."""

    def volumes_of_image(self, image: str) -> tuple[str, ...] | None:
        raise AssertionError(image)

    def pull_image(self, image: str) -> None:
        raise AssertionError(image)

    def create_container(self, spec: ContainerSpec) -> None:
        raise AssertionError(spec)

    def start_container(self, name: str) -> None:
        raise AssertionError(name)

    def wait_for_container(self, name: str) -> int:
        raise AssertionError(name)

    def kill_container(self, name: str) -> None:
        raise AssertionError(name)

    def remove_container(self, name: str) -> None:
        raise AssertionError(name)
