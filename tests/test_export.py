"""What was recorded of miners, as a CSV file in the media folder."""

import asyncio
import csv
from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
import threading
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.miner_monitor.const import DOMAIN, ColumnSet
from custom_components.miner_monitor.history import export as history_export
from custom_components.miner_monitor.history.columns import sources_of
from custom_components.miner_monitor.miners import Endpoint
from custom_components.miner_monitor.miners.model import Family, MinerIdentity
from custom_components.miner_monitor.runtime.entries import entry_data

from .meta.package import ENTITIES

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
MAC = "e4:b0:63:00:a1:b2"

UNITS = {
    "hash_rate": "TH/s",
    "power": "W",
    "chip_temperature": "°C",
    "efficiency": "J/TH",
    "energy": "kWh",
    "shares_accepted": None,
    "best_difficulty": None,
    "pool": None,
    "status": None,
}


class Rig:
    """A miner in the registries whose states are set by hand."""

    def __init__(
        self, hass: HomeAssistant, name: str = "Gamma", mac: str = MAC
    ) -> None:
        identity = MinerIdentity(
            family=Family.AXEOS,
            manufacturer="Bitaxe",
            model="Gamma",
            firmware="v2.12.2",
            mac=mac,
            board="601",
            hostname=name.lower(),
            chip_model="BM1370",
        )
        self.hass = hass
        endpoint = Endpoint(host="192.168.1.20", port=80)
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title=name,
            unique_id=mac,
            data=entry_data(endpoint, identity),
        )
        self.entry.add_to_hass(hass)
        self.device = dr.async_get(hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={(DOMAIN, mac)},
            name=name,
        )
        self.entities = {
            key: self.register("sensor", key, unit) for key, unit in UNITS.items()
        }
        self.entities["online"] = self.register("binary_sensor", "online")

    def register(self, platform: str, key: str, unit: str | None = None) -> str:
        entity = er.async_get(self.hass).async_get_or_create(
            platform,
            DOMAIN,
            f"{self.entry.unique_id}_{key}",
            config_entry=self.entry,
            device_id=self.device.id,
            unit_of_measurement=unit,
        )
        return entity.entity_id

    def show(self, **states: object) -> None:
        for key, state in states.items():
            unit = {"unit_of_measurement": UNITS[key]} if UNITS.get(key) else {}
            self.hass.states.async_set(self.entities[key], str(state), unit)

    def vanish(self) -> None:
        """Go away; energy is still known then."""
        gone = dict.fromkeys(UNITS.keys() - {"energy"}, "unavailable")
        self.show(online="off", **gone)


@pytest.mark.parametrize("columns", ColumnSet)
def test_every_column_has_an_entity(columns: ColumnSet) -> None:
    known = {(platform.value, description.key) for platform, description in ENTITIES}
    for column, sources in sources_of(columns):
        assert set(sources) <= known, column.name


@pytest.fixture
async def media(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    enable_custom_integrations: None,
    mock_async_zeroconf: object,
    tmp_path: Path,
    freezer: FrozenDateTimeFactory,
) -> Path:
    """Have the actions, the recorder and a media folder."""
    freezer.move_to(NOON)
    folder = tmp_path / "own_media"
    folder.mkdir()
    hass.config.media_dirs = {"local": str(folder)}
    hass.config.allowlist_external_dirs = {str(folder)}
    assert await async_setup_component(hass, DOMAIN, {})
    return folder


async def export(hass: HomeAssistant, *rigs: Rig, **data: object) -> dict[str, Any]:
    devices = [rig.device.id for rig in rigs]
    response = await hass.services.async_call(
        DOMAIN,
        "export_csv",
        {"device_id": devices, "file": "out.csv", **data},
        blocking=True,
        return_response=True,
    )
    assert isinstance(response, dict)
    return response


def files(media: Path, kind: str = "csv") -> list[str]:
    return [path.name for path in media.rglob(f"*.{kind}")]


def table(media: Path, name: str = "out.csv") -> list[dict[str, str]]:
    with (media / "miner_monitor" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def an_hour(
    hass: HomeAssistant, rig: Rig, freezer: FrozenDateTimeFactory
) -> None:
    """Let a miner hash, go away and come back."""
    rig.show(
        online="on",
        status="hashing",
        hash_rate=1.2,
        power=18,
        chip_temperature=60,
        efficiency=15,
        energy=100,
        shares_accepted=500,
        best_difficulty=2.5e9,
        pool="pool.example.com:3333",
    )
    freezer.tick(600)
    rig.show(hash_rate=1.3)
    freezer.tick(0.01)
    rig.show(power=18.5)
    freezer.tick(600)
    rig.vanish()
    freezer.tick(60)
    rig.show(energy=100.1)
    freezer.tick(600)
    rig.show(online="on", status="hashing", hash_rate=1.25, power=18.2)
    freezer.tick(60)
    await async_wait_recording_done(hass)


async def test_rows(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """One poll is one row, and what did not change is carried forward."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    rig = Rig(hass)
    await an_hour(hass, rig, freezer)

    response = await export(hass, rig)

    rows = table(media)
    told = ("timestamp", "miner", "status", "hash_rate", "power", "energy")
    assert [tuple(row[key] for key in told) for row in rows] == [
        ("2026-06-15T14:00:00.000+02:00", "Gamma", "hashing", "1.2", "18", "100"),
        ("2026-06-15T14:10:00.000+02:00", "Gamma", "hashing", "1.3", "18.5", "100"),
        ("2026-06-15T14:20:00.010+02:00", "Gamma", "offline", "", "", ""),
        ("2026-06-15T14:31:00.010+02:00", "Gamma", "hashing", "1.25", "18.2", "100.1"),
    ]
    assert response["rows"] == 4
    assert response["source"] == "states"
    assert response["file"] == str(media / "miner_monitor" / "out.csv")
    assert response["columns"] == list(rows[0])
    assert "wall_power" in response["empty_columns"]
    assert "hash_rate" not in response["empty_columns"]
    assert response["end"] == "2026-06-15T14:32:00.010000+02:00"
    assert files(media, "tmp") == []


async def test_defect_4_offline_is_no_row_of_zeros(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A row of an absent miner has no values, and no row has a wallet."""
    rig = Rig(hass)
    await an_hour(hass, rig, freezer)

    response = await export(hass, rig, columns="000")

    rows = table(media)
    assert len(rows[0]) == 25
    assert list(rows[0])[:4] == ["timestamp", "miner_name", "miner_ip", "hashrate_gh"]
    assert [row["status"] for row in rows] == ["ONLINE", "ONLINE", "OFFLINE", "ONLINE"]
    away = {key: cell for key, cell in rows[2].items() if cell}
    assert set(away) == {
        *("timestamp", "miner_name", "miner_ip", "status"),
        *("asic_model", "board_version", "firmware_version"),
    }
    assert {row["worker_name"] for row in rows} == {""}
    assert rows[0]["timestamp"] == "2026-06-15T05:00:00.000000"
    assert (rows[0]["hashrate_gh"], rows[0]["hashrate_th"]) == ("1200", "1.2")
    assert rows[0]["best_diff"] == "2500000000.0"
    assert "worker_name" in response["empty_columns"]
    assert "voltage_v" in response["not_recorded"]["Gamma"]


async def test_columns_of_tool_001(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Voltages are mV and currents mA there; set points come from the controls."""
    rig = Rig(hass)
    rig.entities["frequency"] = rig.register("number", "frequency", "MHz")
    rig.entities["core_voltage"] = rig.register("number", "core_voltage", "V")
    rig.show(online="on", hash_rate=1.2, frequency=597.5, core_voltage=1.15)
    freezer.tick(60)

    await export(hass, rig, columns="001")

    (row,) = table(media)
    assert list(row) == [
        *("timestamp", "device_id", "frequency", "core_voltage", "hashrate", "power"),
        *("voltage", "current", "asic_temp", "vreg_temp", "fan_speed", "fan_rpm"),
        *("efficiency_jth", "efficiency_ghw", "shares_accepted", "shares_rejected"),
    ]
    assert row["timestamp"] == "2026-06-15 05:00:00.000000"
    assert (row["frequency"], row["core_voltage"]) == ("597.5", "1150")
    assert (row["hashrate"], row["power"]) == ("1200", "")


async def test_unit_of_the_user(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Who looks at °F and kW gets files in °C and W all the same."""
    rig = Rig(hass)
    rig.show(online="on", hash_rate=1.2)
    for key, state, unit in (("chip_temperature", 140, "°F"), ("power", 0.018, "kW")):
        attributes = {"unit_of_measurement": unit}
        hass.states.async_set(rig.entities[key], str(state), attributes)
    freezer.tick(60)

    await export(hass, rig)

    (row,) = table(media)
    assert (row["chip_temperature"], row["power"]) == ("60", "18")


async def test_unit_changed_meanwhile(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Each state is in the unit that it had, and not in the one of today."""
    rig = Rig(hass)
    rig.show(online="on", hash_rate=1.2)
    for state, unit in ((18, "W"), (0.019, "kW")):
        attributes = {"unit_of_measurement": unit}
        hass.states.async_set(rig.entities["power"], str(state), attributes)
        freezer.tick(60)

    await export(hass, rig)

    assert [row["power"] for row in table(media)] == ["18", "19"]


async def test_unit_that_is_none(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """An attribute that somebody made up spoils no file."""
    rig = Rig(hass)
    rig.show(online="on")
    attributes = {"unit_of_measurement": "apples"}
    hass.states.async_set(rig.entities["hash_rate"], "1.2", attributes)
    freezer.tick(60)
    for source in ("states", "statistics"):
        await export(hass, rig, source=source, file=f"{source}.csv")
    assert [row["hash_rate"] for row in table(media, "states.csv")] == ["1.2"]


async def test_miners_of_one_name(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Their rows and what is not recorded of them can be told apart."""
    rigs = [Rig(hass), Rig(hass, mac="e4:b0:63:00:a1:b3")]
    for rig in rigs:
        rig.show(online="on", hash_rate=1.2)
    freezer.tick(60)
    er.async_get(hass).async_update_entity(
        rigs[1].entities["power"], disabled_by=er.RegistryEntryDisabler.USER
    )

    response = await export(hass, *rigs)

    first, second = f"Gamma ({MAC})", "Gamma (e4:b0:63:00:a1:b3)"
    assert {row["miner"] for row in table(media)} == {first, second}
    assert "power" not in response["not_recorded"][first]
    assert "power" in response["not_recorded"][second]


async def test_several_miners_one_after_the_other(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    first, second = Rig(hass), Rig(hass, "=cmd()", "e4:b0:63:00:a1:b3")
    for rig in (second, first):
        rig.show(online="on", hash_rate=1.2, pool="@evil.example:1")
    freezer.tick(60)
    er.async_get(hass).async_update_entity(
        second.entities["power"], disabled_by=er.RegistryEntryDisabler.USER
    )

    response = await export(hass, first, second)

    rows = table(media)
    assert {row["miner"] for row in rows} == {"Gamma", "'=cmd()"}
    assert {row["pool"] for row in rows} == {"'@evil.example:1"}
    assert "power" in response["not_recorded"]["=cmd()"]
    assert "power" not in response["not_recorded"]["Gamma"]


async def test_days(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A history of days is whole, and begins with what was before."""
    rig = Rig(hass)
    rig.show(online="on", hash_rate=1.0, power=18)
    for hour in range(60):
        freezer.tick(3600)
        rig.show(hash_rate=1 + hour / 100)
    await async_wait_recording_done(hass)

    await export(hass, rig, start="2026-06-15 20:00:00", end="2026-06-17 14:00:00")

    rows = table(media)
    assert [float(row["hash_rate"]) for row in rows] == pytest.approx(
        [1 + hour / 100 for hour in range(14, 56)]
    )
    assert {row["power"] for row in rows} == {"18"}


@pytest.mark.parametrize(
    ("days", "source", "starts"),
    [(1, "statistics_5_minutes", 0), (40, "statistics_hourly", 2)],
)
async def test_statistics(
    media: Path,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    days: int,
    source: str,
    starts: int,
) -> None:
    """What is older than the recorder keeps comes from hourly statistics."""
    rig = Rig(hass)
    for key, value in (("hash_rate", 1.5), ("power", 20.0)):
        async_import_statistics(
            hass,
            {
                "statistic_id": rig.entities[key],
                "source": "recorder",
                "name": None,
                "mean_type": StatisticMeanType.ARITHMETIC,
                "has_sum": False,
                "unit_class": "power" if key == "power" else None,
                "unit_of_measurement": UNITS[key],
            },
            [
                {"start": NOON - timedelta(days=30, hours=hour), "mean": value}
                for hour in range(2)
            ],
        )
    await async_wait_recording_done(hass)

    response = await export(hass, rig, source="statistics", hours=days * 24)

    assert response["source"] == source
    rows = table(media)
    assert [(row["hash_rate"], row["power"]) for row in rows] == [
        ("1.5", "20")
    ] * starts
    assert "pool" in response["not_recorded"]["Gamma"]


async def test_an_absence_of_weeks_is_one_row(media: Path, hass: HomeAssistant) -> None:
    """However much of the time is read at once."""
    rig = Rig(hass)
    async_import_statistics(
        hass,
        {
            "statistic_id": rig.entities["energy"],
            "source": "recorder",
            "name": None,
            "mean_type": StatisticMeanType.NONE,
            "has_sum": True,
            "unit_class": "energy",
            "unit_of_measurement": "kWh",
        },
        [
            {"start": NOON - timedelta(hours=hour), "state": 100, "sum": 5}
            for hour in range(1, 40 * 24)
        ],
    )
    await async_wait_recording_done(hass)

    await export(hass, rig, source="statistics", hours=50 * 24)

    assert [row["status"] for row in table(media)] == ["offline"]


async def test_cancelled(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Who stops a script in the middle of an export finds nothing half done."""
    rig = Rig(hass)
    rig.show(online="on", hash_rate=1.2)
    freezer.tick(60)
    task = hass.async_create_task(export(hass, rig, hours=24 * 366))
    while not task.done():
        if await hass.async_add_executor_job(files, media, "tmp"):
            break
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await hass.async_block_till_done()
    assert files(media) == files(media, "tmp") == []
    assert (await export(hass, rig))["rows"] == 1


async def test_cancelled_as_it_begins(
    media: Path, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that begins the file goes on: what it made is taken away."""
    rig = Rig(hass)
    begun, go_on = threading.Event(), threading.Event()

    class Slow(history_export.ExportFile):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            begun.set()
            go_on.wait(10)

    monkeypatch.setattr(history_export, "ExportFile", Slow)
    task = hass.async_create_task(export(hass, rig, hours=1))
    await hass.async_add_executor_job(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(media) == files(media, "tmp") == []


async def test_two_at_once(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """One gets the name, the other is told; no file is mixed of both."""
    rig = Rig(hass)
    rig.show(online="on", hash_rate=1.2)
    freezer.tick(60)
    answers = await asyncio.gather(
        *(export(hass, rig) for _ in range(3)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, ServiceValidationError)]
    assert {one.translation_key for one in refused} == {"export_exists"}
    assert len(refused) == 2
    assert len(table(media)) == 1
    assert files(media, "tmp") == []


async def test_statistics_in_the_unit_of_the_user(
    media: Path, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    rig = Rig(hass)
    rig.show(online="on", hash_rate=1.2)
    entity_id = rig.entities["chip_temperature"]
    hass.states.async_set(entity_id, "140", {"unit_of_measurement": "°F"})
    async_import_statistics(
        hass,
        {
            "statistic_id": entity_id,
            "source": "recorder",
            "name": None,
            "mean_type": StatisticMeanType.ARITHMETIC,
            "has_sum": False,
            "unit_class": "temperature",
            "unit_of_measurement": "°C",
        },
        [{"start": NOON - timedelta(days=30), "mean": 60.0}],
    )
    await async_wait_recording_done(hass)

    await export(hass, rig, source="statistics", hours=40 * 24)

    assert [row["chip_temperature"] for row in table(media)] == ["60"]


@pytest.mark.parametrize(
    "name",
    [
        *("../out.csv", "/tmp/out.csv", "a/b.csv", "out.txt", "out.csv.txt", ".csv"),
        *(
            "..csv/out.csv",
            "out.csv\n",
            "o ut.csv",
            "out\0.csv",
            "ö.csv",
            ".hidden.csv",
        ),
        "x" * 97 + ".csv",
    ],
)
async def test_names_that_are_more_than_a_name(
    media: Path, hass: HomeAssistant, name: str
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await export(hass, Rig(hass), file=name)
    assert caught.value.translation_key == "export_name"
    assert files(media) == []


async def test_nothing_is_overwritten_unless_asked(
    media: Path, hass: HomeAssistant
) -> None:
    rig = Rig(hass)
    await export(hass, rig)
    path = media / "miner_monitor" / "out.csv"
    path.write_text("mine")

    with pytest.raises(ServiceValidationError) as caught:
        await export(hass, rig)
    assert caught.value.translation_key == "export_exists"
    assert path.read_text() == "mine"

    await export(hass, rig, overwrite=True)
    assert path.read_text().startswith("timestamp,")
    assert [item.name for item in path.parent.iterdir()] == ["out.csv"]


async def test_links_lead_nowhere(
    media: Path, hass: HomeAssistant, tmp_path: Path
) -> None:
    """Neither the folder nor the file is followed to another place."""
    rig = Rig(hass)
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = media / "miner_monitor"
    folder.symlink_to(outside, target_is_directory=True)
    with pytest.raises(ServiceValidationError) as caught:
        await export(hass, rig)
    assert caught.value.translation_key == "export_place"

    folder.unlink()
    folder.mkdir()
    target = outside / "target.csv"
    (folder / "out.csv").symlink_to(target)
    for overwrite in (False, True):
        with pytest.raises(ServiceValidationError) as caught:
            await export(hass, rig, overwrite=overwrite)
        assert caught.value.translation_key == "export_place"
    assert list(outside.iterdir()) == []


async def test_never_into_www(media: Path, hass: HomeAssistant, tmp_path: Path) -> None:
    """What lies there can be read by everyone who finds the address."""
    hass.config.config_dir = str(tmp_path)
    hass.config.media_dirs = {"local": str(tmp_path / "www" / "media")}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    with pytest.raises(ServiceValidationError) as caught:
        await export(hass, Rig(hass))
    assert caught.value.translation_key == "export_place"


@pytest.mark.parametrize(
    ("folders", "key"),
    [({}, "no_media_folder"), ({"local": "/proc/nowhere"}, "export_failed")],
)
async def test_no_place_to_write(
    media: Path, hass: HomeAssistant, folders: dict[str, str], key: str
) -> None:
    hass.config.media_dirs = folders
    with pytest.raises(ServiceValidationError) as caught:
        await export(hass, Rig(hass))
    assert caught.value.translation_key == key


@pytest.mark.skipif(os.name != "posix", reason="needs a file mode")
async def test_allowed_path(media: Path, hass: HomeAssistant) -> None:
    """A media folder that Home Assistant may not use stays as it is."""
    hass.config.allowlist_external_dirs = set()
    with pytest.raises(ServiceValidationError) as caught:
        await export(hass, Rig(hass))
    assert caught.value.translation_key == "export_place"
    assert files(media) == []


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"start": "2026-06-16 00:00:00"}, "span_is_empty"),
        (
            {"start": "2026-06-10 00:00:00", "end": "2026-06-09 00:00:00"},
            "span_is_empty",
        ),
        ({"start": "1999-01-01 00:00:00"}, "span_too_long"),
        ({"end": "0001-01-01 00:00:00"}, "span_too_long"),
        ({"device_id": ["0" * 32]}, "no_such_miner"),
    ],
)
async def test_what_cannot_be(
    media: Path, hass: HomeAssistant, data: dict[str, Any], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await export(hass, Rig(hass), **data)
    assert caught.value.translation_key == key


async def test_name_by_itself(media: Path, hass: HomeAssistant) -> None:
    """Without a name the file is named by the time, and without response too."""
    await hass.services.async_call(
        DOMAIN, "export_csv", {"device_id": [Rig(hass).device.id]}, blocking=True
    )
    assert files(media) == ["miner_monitor_20260615_050000.csv"]


async def test_a_recorder_that_never_came_up(media: Path, hass: HomeAssistant) -> None:
    """A database that cannot be reached leaves a recorder that nobody can ask."""
    hass.config.components.remove("recorder")
    try:
        with pytest.raises(ServiceValidationError) as caught:
            await export(hass, Rig(hass))
    finally:
        hass.config.components.add("recorder")
    assert caught.value.translation_key == "no_recorder"


async def test_for_administrators(
    media: Path, hass: HomeAssistant, hass_read_only_user: MockUser
) -> None:
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            "export_csv",
            {"device_id": [Rig(hass).device.id]},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )


async def test_without_recorder(
    hass: HomeAssistant, enable_custom_integrations: None, mock_async_zeroconf: object
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    for action, data in (
        ("export_csv", {"device_id": [Rig(hass).device.id]}),
        ("import_history", {"file": "metrics.db"}),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await hass.services.async_call(DOMAIN, action, data, blocking=True)
        assert caught.value.translation_key == "no_recorder"
