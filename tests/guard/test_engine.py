"""What the guard asks its engine about one volume of another driver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.guard.engine import EngineFailure, LocalEngine
from tests.edge.engine_server import EngineServer, Reply

if TYPE_CHECKING:
    from pathlib import Path

OF_NFS = "filters=%7B%22driver%22%3A%5B%22nfs%22%5D%7D"


def rows(*found: tuple[str, str, object], warnings: object = None) -> dict[str, Any]:
    """Write a list of volumes: name, driver, and labels where the engine has used it."""
    listed = [{"Name": name, "Driver": of, "Labels": used} for name, of, used in found]
    return {"Volumes": listed, "Warnings": warnings}


def takes(
    folder: Path, of_nfs: dict[str, Any], of_all: dict[str, Any], *, used: bool = False
) -> bool:
    answers = {OF_NFS: of_nfs, "": of_all}
    reply = Reply(body=lambda seen: json.dumps(answers[seen.query]).encode())
    with EngineServer({"/volumes": reply}, unix=folder / "s"):
        return LocalEngine(folder / "s").takes_from("nfs", "far", used=used)


@pytest.mark.parametrize("used", [True, False])
@pytest.mark.parametrize(
    ("of_nfs", "taken"),
    [
        (rows(("far", "nfs", {})), True),
        (rows(("far", "nfs", {}), warnings=["list nfs: no answer"]), True),
        (rows(("near", "nfs", {})), False),
        (rows(("far", "cloudstor:aws", {}), warnings=["an engine without that filter"]), False),
        (rows(), False),
    ],
)
def test_what_the_engine_has_used_it_removes_from_the_driver_it_knows_it_under(
    tmp_path: Path, of_nfs: dict[str, Any], *, taken: bool, used: bool
) -> None:
    nothing_of_all = {"Volumes": "not to be asked"}
    assert takes(tmp_path, of_nfs, nothing_of_all, used=used) is taken


def test_what_it_has_told_events_of_it_has_used(tmp_path: Path) -> None:
    of_nfs = rows(("far", "nfs", None))
    assert takes(tmp_path, of_nfs, {"Volumes": "not to be asked"}, used=True)


@pytest.mark.parametrize(
    ("of_all", "taken"),
    [
        (rows(("far", "nfs", None), ("other", "cloudstor:aws", None)), True),
        (rows(("far", "nfs", None), ("far", "cloudstor:aws", None)), False),
        (rows(("far", "cloudstor:aws", None)), False),
        (rows(("far", "nfs", None), warnings=["list cloudstor:aws: no answer"]), False),
    ],
)
def test_what_it_has_never_used_must_be_of_one_driver_alone(
    tmp_path: Path, of_all: dict[str, Any], *, taken: bool
) -> None:
    assert takes(tmp_path, rows(("far", "nfs", None)), of_all) is taken


def test_an_engine_that_does_not_answer_tells_nothing(tmp_path: Path) -> None:
    with pytest.raises(EngineFailure, match="/volumes"):
        LocalEngine(tmp_path / "s").takes_from("nfs", "far", used=True)
