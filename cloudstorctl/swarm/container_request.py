"""What an engine is told of a container to run, and what it says of images and ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import field
from msgspec.json import Decoder, decode

from cloudstorctl.errors import ShapeError
from cloudstorctl.swarm.wire import Answer

if TYPE_CHECKING:
    from cloudstorctl.swarm.ports import ContainerSpec


class _ImageConfig(Answer):
    volumes: dict[str, object] | None = None


class _Image(Answer):
    config: _ImageConfig | None = None


class _EndError(Answer):
    message: str | None = None


class _End(Answer):
    status_code: int
    error: _EndError | None = None


class _Progress(Answer):
    error: str | None = field(default=None, name="error")


_IMAGE = Decoder(_Image)
_END = Decoder(_End)


def payload_of(spec: ContainerSpec) -> bytes:
    """Write the JSON of `POST /containers/create`.

    The container has one mount and no network, keeps no log, and may do nothing on its node but
    read and write files of whatever owner. `NoCopy` keeps the engine from putting files of the
    image into an empty volume, and from giving it the image's owner and mode.
    """
    return json.dumps(
        {
            "Image": spec.image,
            "Entrypoint": list(spec.command[:1]),
            "Cmd": list(spec.command[1:]),
            "User": "0:0",
            "Labels": dict(spec.labels),
            "Healthcheck": {"Test": ["NONE"]},
            "HostConfig": {
                "Mounts": [
                    {
                        "Type": "volume",
                        "Source": spec.volume,
                        "Target": spec.target,
                        "ReadOnly": spec.read_only,
                        "VolumeOptions": {"NoCopy": True, "DriverConfig": {"Name": spec.driver}},
                    }
                ],
                "NetworkMode": "none",
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "CapAdd": ["DAC_OVERRIDE"],
                "SecurityOpt": ["no-new-privileges"],
                "LogConfig": {"Type": "none"},
                "RestartPolicy": {"Name": "no"},
            },
        }
    ).encode()


def volumes_of_image_from(body: bytes) -> tuple[str, ...]:
    """`/images/{name}/json`: the paths for which the image wants volumes."""
    config = _IMAGE.decode(body).config
    return tuple(sorted(config.volumes or ())) if config else ()


def exit_code_from(body: bytes) -> int:
    """`/containers/{id}/wait`: the exit code."""
    end = _END.decode(body)
    if end.error is not None and end.error.message:
        raise ShapeError(where="Error", wanted="none", found=end.error.message)
    return end.status_code


def pull_error_in(body: bytes) -> str | None:
    """`/images/create`: what went wrong, which the engine tells under a status of success."""
    for line in body.splitlines():
        if line.strip() and (error := decode(line, type=_Progress).error):
            return error
    return None


def reference_parts(image: str) -> tuple[str, str]:
    """Cut an image's name into repository and tag or digest; without a tag it is `latest`.

    An engine that is not told one pulls all tags there are (moby api/swagger.yaml, ImageCreate).
    """
    if "@" in image:
        repository, _, digest = image.partition("@")
        return repository, digest
    head, slash, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", tag or "latest"
