"""Answers docker's question for metadata at once, and everything else with the program.

docker asks every plugin that it finds, before `docker --help`, `docker info` and each completion:
what takes long to import comes after that question.
"""

from __future__ import annotations

import sys

from cloudstorctl import __version__


def answer() -> None:
    """Carry out one call by docker, and end the process."""
    if sys.argv[1:2] == ["docker-cli-plugin-metadata"]:
        # As text, for json is one import more.
        sys.stdout.write(_METADATA)
        return
    from cloudstorctl.docker_plugin.call import run  # noqa: PLC0415 - see above

    run(sys.argv[1:])


_METADATA = f"""{{
  "SchemaVersion": "0.1.0",
  "Vendor": "cloudstorctl",
  "Version": "{__version__}",
  "ShortDescription": "See who uses each Cloudstor volume, and remove only what nothing uses"
}}
"""

if __name__ == "__main__":
    answer()
