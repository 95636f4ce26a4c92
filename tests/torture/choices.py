"""What Hypothesis may choose: names, mounts, deeds, troubles, and when they happen."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.torture import deeds, troubles
from tests.torture.deeds import BIND, MODES, PROGRAMS, Mounts
from tests.torture.faults import Fault
from tests.torture.lab import SLOW_IMAGE, Layout
from tests.torture.troubles import ALIASES
from tests.torture.witness import Deed, Happening

pick = st.sampled_from
NUMBER = st.integers(0, 3)

NAMES = pick(
    (
        *("data", "logs", "nest", "nest/a", "nest/1", "web-1-vol", "db-2-vol", "n1-data"),
        *("n2-data", "gold-x", "keep-1", "lost+found", "aws-backup-restore_1"),
    )
)
SOURCES = pick(
    (
        # Those that orphans often have come more than once.
        *("data", "data", "data", "logs", "logs", "nest/a", "nest", "n1-data", "web-1-vol"),
        *(f"{BIND}data", f"{BIND}nest/a", BIND, ""),
        *("{{.Service.Name}}-{{.Task.Slot}}-vol", "{{.Node.Hostname}}-data"),
        *("nest/{{.Task.Slot}}", '{{index .Service.Labels "tier"}}-x', "{{.Task.ID}}"),
        *("{{.Task.Name}}", "{{if .Task.Slot}}data{{end}}"),
    )
)
DRIVERS = pick((*ALIASES[:1] * 5, "", "", *ALIASES[1:], "local"))
MOUNTS = st.builds(Mounts, source=SOURCES, driver=DRIVERS)
IMAGES = pick(("nginx", "nginx", SLOW_IMAGE, SLOW_IMAGE, "nowhere"))
PROGRAM = pick(PROGRAMS)
TIERS = pick(("gold", "iron"))

CREATES_SERVICE = st.builds(
    deeds.CreateService,
    name=pick(("web", "db", "job")),
    mode=pick(MODES),
    count=NUMBER,
    mounts=MOUNTS,
    program=PROGRAM,
    image=IMAGES,
    tier=TIERS,
)
SCALES_SERVICE = st.builds(deeds.ScaleService, which=NUMBER, count=NUMBER)
UPDATES_SERVICE = st.builds(
    deeds.UpdateService,
    which=NUMBER,
    mounts=MOUNTS,
    image=IMAGES,
    order=pick(("stop-first", "start-first")),
    tier=TIERS,
)
ROLLS_BACK = st.builds(deeds.RollBackService, which=NUMBER)
REMOVES_SERVICE = st.builds(deeds.RemoveService, which=NUMBER)
RUNS_CONTAINER = st.builds(
    deeds.RunContainer,
    node=NUMBER,
    mounts=st.builds(
        Mounts, source=pick(("data", "logs", "nest/a", f"{BIND}data", BIND, "")), driver=DRIVERS
    ),
    program=PROGRAM,
    start=st.booleans(),
)
HANDLES_CONTAINER = st.builds(
    deeds.HandleContainer,
    node=NUMBER,
    which=NUMBER,
    verb=pick(("stop", "start", "pause", "unpause", "rm -f")),
)
PRUNES_CONTAINERS = st.builds(deeds.PruneContainers, node=NUMBER)
CREATES_VOLUME = st.builds(
    deeds.CreateVolume,
    node=NUMBER,
    name=NAMES,
    driver=DRIVERS,
    options=pick(("", "perfmode=maxio", "backing=relocatable")),
    protected=st.booleans(),
)
MAKES_DIRECTORY = st.builds(deeds.MakeDirectory, name=NAMES, backing=pick(("reg", "max")))

PASSES_TIME = st.builds(troubles.PassTime, seconds=pick((1, 2, 5, 30)))
SETS_CLOCK = st.builds(troubles.SetClock, ahead=pick((0, -15, 15, -86400, 86400)))
RUNS_ANOTHER = st.builds(
    troubles.RunAnother,
    words=pick(
        (
            ("safe-prune", "--yes", "--no-lock"),
            ("safe-prune", "--yes"),
            ("safe-prune", "--dry-run"),
            ("rm", "data", "logs"),
        )
    ),
)
SETS_AVAILABILITY = st.builds(
    troubles.SetAvailability, node=NUMBER, availability=pick(("drain", "pause", "active"))
)
ENDS_ENGINE = st.builds(
    troubles.EndEngine, node=NUMBER, containers_too=st.booleans(), seconds=pick((0, 5))
)
STARTS_ENGINE = st.builds(troubles.StartEngine, node=NUMBER)
FREEZES_ENGINE = st.builds(troubles.FreezeEngine, node=NUMBER, frozen=st.booleans())
REMOVES_NODE = st.builds(troubles.RemoveNode, node=NUMBER, force=st.booleans())
SWITCHES_PLUGIN = st.builds(troubles.SwitchPlugin, node=NUMBER, which=NUMBER, enabled=st.booleans())
REMOVES_PLUGIN = st.builds(troubles.RemovePlugin, node=NUMBER, which=NUMBER)
INSTALLS_PLUGIN = st.builds(troubles.InstallPlugin, node=NUMBER, alias=pick(ALIASES))
FAULTS: st.SearchStrategy[tuple[str, str | int]] = pick(
    (
        *(("list", "empty"), ("list", "error"), ("list", "hang"), ("list", 3), ("list", 30)),
        *(("get", "unknown"), ("get", "error"), ("get", 3), ("create", "error")),
        *(("create", 3), ("mount", "error"), ("mount", 3), ("unmount", "error")),
        *(("remove", "error"), ("remove", "half"), ("remove", "hang"), ("remove", 300)) * 3,
    )
)
BENDS_DRIVER = st.builds(
    lambda node, bent: troubles.BendDriver(node, bent[0], bent[1]), NUMBER, FAULTS
)
MENDS_DRIVER = st.builds(troubles.MendDriver, node=NUMBER)
SPOILS_REQUESTS = st.builds(
    troubles.SpoilRequests,
    node=NUMBER,
    path=pick(
        (
            # The slash at the end is that of a removal.
            *("/", "/volumes", *["/volumes/"] * 5, "/containers", "/plugins", "/info", "/services"),
            *("/tasks", "/nodes", "/configs"),
        )
    ),
    fault=pick(Fault),
    times=st.integers(1, 3),
)

MAKES_VOLUME = st.one_of(CREATES_VOLUME, MAKES_DIRECTORY)
ENDS_CONTAINER = st.one_of(HANDLES_CONTAINER, HANDLES_CONTAINER, PRUNES_CONTAINERS)
ENGINE_TROUBLE = st.one_of(ENDS_ENGINE, STARTS_ENGINE, FREEZES_ENGINE)
PLUGIN_TROUBLE = st.one_of(SWITCHES_PLUGIN, REMOVES_PLUGIN, INSTALLS_PLUGIN)
DRIVER_TROUBLE = st.one_of(BENDS_DRIVER, BENDS_DRIVER, MENDS_DRIVER)

SERVICE_DEED: st.SearchStrategy[Deed] = st.one_of(
    CREATES_SERVICE, SCALES_SERVICE, UPDATES_SERVICE, ROLLS_BACK, REMOVES_SERVICE
)
OTHER_DEED: st.SearchStrategy[Deed] = st.one_of(
    MAKES_VOLUME,
    SETS_AVAILABILITY,
    ENGINE_TROUBLE,
    REMOVES_NODE,
    PLUGIN_TROUBLE,
    DRIVER_TROUBLE,
    SPOILS_REQUESTS,
    SETS_CLOCK,
    st.builds(troubles.LoseMemory),
    RUNS_ANOTHER,
)
ANY_DEED: st.SearchStrategy[Deed] = st.one_of(
    SERVICE_DEED, SERVICE_DEED, RUNS_CONTAINER, ENDS_CONTAINER, PASSES_TIME, OTHER_DEED
)
MOMENTS = st.one_of(
    st.tuples(st.just(""), st.integers(0, 20)),
    st.tuples(st.just(""), st.integers(20, 60)),
    st.tuples(pick(("DELETE", "GET /services", "GET /tasks", "GET /nodes")), st.integers(0, 3)),
    st.tuples(pick(("/containers/json", "GET /volumes", "/plugins")), st.integers(0, 6)),
)
REMOVAL_TROUBLE: st.SearchStrategy[Deed] = st.one_of(
    st.builds(
        troubles.SpoilRequests,
        node=NUMBER,
        path=st.just("/volumes/"),
        fault=pick(Fault),
        times=st.just(1),
    ),
    st.builds(
        troubles.BendDriver,
        node=NUMBER,
        call=st.just("remove"),
        fault=pick(("error", "half", "hang", 300)),
    ),
)
INTERRUPTION = st.builds(
    Happening,
    before=pick(("DELETE", "GET /tasks", "/plugins")),
    skipped=NUMBER,
    deed=st.builds(troubles.PressCtrlC),
)
HAPPENING = st.one_of(
    *[st.builds(lambda moment, deed: Happening(moment[0], moment[1], deed), MOMENTS, ANY_DEED)] * 3,
    st.builds(Happening, before=st.just("DELETE"), skipped=st.integers(0, 1), deed=REMOVAL_TROUBLE),
    INTERRUPTION,
    st.builds(lambda moment, deed: Happening(moment[0], moment[1], deed), MOMENTS, RUNS_ANOTHER),
)
HAPPENINGS = st.lists(HAPPENING, max_size=4)
ORPHANS = st.lists(NAMES, min_size=1, max_size=5, unique=True)
LAYOUTS = st.builds(
    Layout,
    nodes=pick((3, 2, 4)),
    managers=pick((1, 3, 2)),
    generation=pick((2, 1)),
    grace=pick((0, 20)),
)
