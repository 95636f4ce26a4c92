from __future__ import annotations

import pytest

from cloudstorctl.core.model import Plugin
from cloudstorctl.core.pluginname import familiar, plugins_named

ALIAS = Plugin(id="3fa2" + "0" * 60, name="cloudstor:aws", reference="docker.io/docker4x/cs:v1")
BARE = Plugin(id="3fb7" + "1" * 60, name="vieux/sshfs:latest")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("cloudstor:aws", "cloudstor:aws"),
        ("cloudstor", "cloudstor:latest"),
        ("docker.io/library/cloudstor:aws", "cloudstor:aws"),
        ("docker.io/docker4x/cloudstor:x", "docker4x/cloudstor:x"),
        ("index.docker.io/docker4x/cloudstor", "docker4x/cloudstor:latest"),
        ("registry:5000/cloudstor", "registry:5000/cloudstor:latest"),
    ],
)
def test_a_name_is_kept_without_dockers_registry_and_with_a_tag(name: str, kept: str) -> None:
    assert familiar(name) == kept


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cloudstor:aws", (ALIAS,)),
        ("docker.io/library/cloudstor:aws", (ALIAS,)),
        ("docker4x/cs:v1", (ALIAS,)),
        ("vieux/sshfs", (BARE,)),
        (ALIAS.id, (ALIAS,)),
        ("3fa", (ALIAS,)),
        ("3f", (ALIAS, BARE)),
        ("cloudstor", ()),
        ("4", ()),
    ],
)
def test_a_plugin_is_found_by_all_that_may_mean_it(name: str, found: tuple[Plugin, ...]) -> None:
    assert plugins_named((ALIAS, BARE), name) == found
