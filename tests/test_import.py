"""What prior tools stored, in Home Assistant's long-term statistics."""

from datetime import timedelta
import os
from pathlib import Path
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import (
    async_list_statistic_ids,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.history import prior

from .history.prior_tools import (
    HOUR,
    START,
    TOOL_000,
    WALLET,
    minutes,
    row_000,
    write_csv,
    write_db,
)
from .test_export import MAC, Rig

GAMMA = f"{DOMAIN}:e4b06300a1b2"


@pytest.fixture
async def media(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    enable_custom_integrations: None,
    mock_async_zeroconf: object,
    tmp_path: Path,
) -> Path:
    """Have the actions, the recorder and a media folder, in Berlin."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    folder = tmp_path / "own_media"
    folder.mkdir()
    hass.config.media_dirs = {"local": str(folder)}
    hass.config.allowlist_external_dirs = {str(folder), str(tmp_path / "allowed")}
    assert await async_setup_component(hass, DOMAIN, {})
    return folder


async def bring(hass: HomeAssistant, *files: str, **data: object) -> dict[str, Any]:
    response = await hass.services.async_call(
        DOMAIN,
        "import_history",
        {"file": list(files), **data},
        blocking=True,
        return_response=True,
    )
    assert isinstance(response, dict)
    return response


async def stored(hass: HomeAssistant) -> dict[str, list[dict[str, Any]]]:
    """Return all statistics there are."""
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        START - timedelta(days=1),
        None,
        None,
        "hour",
        None,
        {"mean", "min", "max", "sum"},
    )
    return {
        key: [
            {name: value for name, value in row.items() if name != "end"}
            for row in rows
        ]
        for key, rows in found.items()
    }


def sums(statistics: dict[str, list[dict[str, Any]]], key: str) -> list[float]:
    return [row["sum"] for row in statistics[key]]


def two_hours(media: Path, name: str = "Gamma-1", file: str = "a.csv") -> None:
    rows = [
        row_000(moment, name=name, accepted=500 + index)
        for index, moment in enumerate(minutes(120))
    ]
    write_csv(media / file, TOOL_000, rows)


async def test_statistics(media: Path, hass: HomeAssistant) -> None:
    two_hours(media)

    response = await bring(hass, "a.csv")

    statistics = await stored(hass)
    own = f"{DOMAIN}:gamma_1"
    assert statistics[f"{own}_hash_rate"] == [
        {"start": hour, "mean": 1.2, "min": 1.2, "max": 1.2, "sum": None}
        for hour in (HOUR, HOUR + 3600)
    ]
    assert sums(statistics, f"{own}_energy") == pytest.approx([0.018, 0.018 * 119 / 60])
    assert sums(statistics, f"{own}_shares_accepted") == [59, 119]
    listed = {
        item["statistic_id"]: item for item in await async_list_statistic_ids(hass)
    }
    rate, energy = listed[f"{own}_hash_rate"], listed[f"{own}_energy"]
    assert rate["name"] == "Gamma-1: Hash rate"
    assert rate["statistics_unit_of_measurement"] == "TH/s"
    assert (rate["unit_class"], rate["has_sum"]) == (None, False)
    assert (energy["unit_class"], energy["has_sum"]) == ("energy", True)
    assert listed[f"{own}_efficiency"]["statistics_unit_of_measurement"] == "J/TH"
    assert listed[f"{own}_vr_temperature"]["name"] == "Gamma-1: Regulator temperature"
    assert {item["statistic_id"] for item in response["statistics"]} == set(statistics)
    assert set(statistics) == {
        f"{own}_{key}"
        for key in (
            *("hash_rate", "power", "efficiency", "chip_temperature", "frequency"),
            *("vr_temperature", "energy", "shares_accepted"),
        )
    }
    first = response["statistics"][0]
    assert (first["hours"], first["name"]) == (2, "Gamma-1: Hash rate")
    assert first["start"] == "2025-05-30T14:00:00+02:00"
    assert first["end"] == "2025-05-30T16:00:00+02:00"
    assert response["files"] == {"a.csv": "000"}
    assert response["miners"] == {"Gamma-1": None}
    assert (response["rows"], response["skipped"], response["skipped_lines"]) == (
        120,
        0,
        [],
    )


async def test_twice_is_as_once(media: Path, hass: HomeAssistant) -> None:
    two_hours(media)
    await bring(hass, "a.csv")
    before = await stored(hass)

    await bring(hass, "a.csv")

    assert await stored(hass) == before


async def test_months_in_any_order(media: Path, hass: HomeAssistant) -> None:
    """Sums run on through what was imported later and lies before."""
    for index in range(3):
        start = START + timedelta(days=index)
        rows = [row_000(moment) for moment in minutes(61, start=start)]
        write_csv(media / f"{index}.csv", TOOL_000, rows)

    for index in (1, 0, 2, 1):
        await bring(hass, f"{index}.csv")

    statistics = await stored(hass)
    assert sums(statistics, f"{DOMAIN}:gamma_1_energy") == pytest.approx(
        [0.018, 0.036, 0.054]
    )


async def test_several_files_at_once(media: Path, hass: HomeAssistant) -> None:
    """A tool that began a new file within an hour leaves no hole in its energy."""
    rows = [row_000(moment) for moment in minutes(61)]
    write_csv(media / "0.csv", TOOL_000, rows[:20])
    write_csv(media / "1.csv", TOOL_000, rows[20:])

    await bring(hass, "1.csv", "0.csv", "1.csv")

    statistics = await stored(hass)
    assert sums(statistics, f"{DOMAIN}:gamma_1_energy")[-1] == pytest.approx(0.018)


@pytest.mark.parametrize(
    "name", ["Gamma", "gamma", "E4:B0:63:00:A1:B2", "e4b06300a1b2"]
)
async def test_known_by_name_or_address(
    media: Path, hass: HomeAssistant, name: str
) -> None:
    Rig(hass)
    two_hours(media, name)

    response = await bring(hass, "a.csv")

    assert response["miners"] == {name: "Gamma"}
    assert all(key.startswith(GAMMA) for key in await stored(hass))


async def test_known_by_the_host_name_of_a_database(
    media: Path, hass: HomeAssistant
) -> None:
    Rig(hass, "host-g1")
    write_db(media / "metrics.db", [("g1", at, 1200, 18, 5) for at in minutes(10)])
    response = await bring(hass, "metrics.db")
    assert response["miners"] == {"g1": "host-g1"}
    assert response["files"] == {"metrics.db": "001"}


async def test_what_two_are_called_is_no_name(media: Path, hass: HomeAssistant) -> None:
    Rig(hass)
    Rig(hass, "Gamma", "e4:b0:63:00:a1:b3")
    two_hours(media, "Gamma")
    response = await bring(hass, "a.csv")
    assert response["miners"] == {"Gamma": None}


async def test_defect_16_a_new_name_keeps_the_history(
    media: Path, hass: HomeAssistant
) -> None:
    """Statistics belong to the device; two names of it are one history."""
    rig = Rig(hass)
    two_hours(media, "Gamma")
    await bring(hass, "a.csv")
    before = await stored(hass)

    hass.config_entries.async_update_entry(rig.entry, title="Kitchen heater")
    dr.async_get(hass).async_update_device(rig.device.id, name_by_user="Kitchen heater")
    rows = [
        row_000(moment, name="Kitchen heater", accepted=700)
        for moment in minutes(61, start=START + timedelta(hours=5))
    ]
    write_csv(media / "b.csv", TOOL_000, rows)
    response = await bring(hass, "b.csv")

    after = await stored(hass)
    assert set(after) == set(before)
    assert all(after[key][:2] == before[key] for key in before)
    assert len(after[f"{GAMMA}_energy"]) == 3
    assert response["statistics"][0]["name"] == "Kitchen heater: Hash rate"
    assert rig.entry.unique_id == MAC


async def test_defect_16_two_names_told_to_be_one(
    media: Path, hass: HomeAssistant
) -> None:
    rig = Rig(hass)
    first, second = minutes(31), minutes(30, start=START + timedelta(minutes=31))
    rows = [
        *(row_000(moment, name="old") for moment in first),
        *(row_000(moment, name="new") for moment in second),
    ]
    write_csv(media / "a.csv", TOOL_000, rows)

    devices = {"old": rig.device.id, "new": rig.device.id}
    response = await bring(hass, "a.csv", map=devices)

    assert response["miners"] == {"old": "Gamma", "new": "Gamma"}
    statistics = await stored(hass)
    assert sums(statistics, f"{GAMMA}_energy")[-1] == pytest.approx(0.018 * 59 / 60)


async def test_names_alike_stay_apart(media: Path, hass: HomeAssistant) -> None:
    rows = [
        row_000(moment, name=name)
        for moment in minutes(3)
        for name in ("Gamma 1", "gamma-1", "???")
    ]
    write_csv(media / "a.csv", TOOL_000, rows)
    await bring(hass, "a.csv")
    statistics = await stored(hass)
    assert {key for key in statistics if key.endswith("power")} == {
        f"{DOMAIN}:{slug}_power" for slug in ("gamma_1", "gamma_1_2", "unknown")
    }


async def test_a_name_of_many_letters(media: Path, hass: HomeAssistant) -> None:
    """An id must fit into every kind of database."""
    two_hours(media, "矿" * 100)
    await bring(hass, "a.csv")
    assert 1 < max(map(len, await stored(hass))) <= 120


async def test_defect_4_no_wallet_is_stored(media: Path, hass: HomeAssistant) -> None:
    two_hours(media)
    write_db(media / "metrics.db", [("g1", at, 1200, 18, 5) for at in minutes(10)])
    response = await bring(hass, "a.csv", "metrics.db")
    assert WALLET not in str(response)
    assert WALLET not in str(await stored(hass))
    assert WALLET not in str(await async_list_statistic_ids(hass))


async def test_all_or_nothing(media: Path, hass: HomeAssistant) -> None:
    """A file that is none of a tool's keeps all others out."""
    two_hours(media)
    (media / "b.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ServiceValidationError) as caught:
        await bring(hass, "a.csv", "b.csv")
    assert caught.value.translation_key == "import_unknown"
    assert caught.value.translation_placeholders == {"file": "b.csv"}
    assert await stored(hass) == {}


async def test_skipped_lines_are_named(media: Path, hass: HomeAssistant) -> None:
    rows = [row_000(START), "junk", row_000(START, status="OFFLINE"), "more junk"]
    write_csv(media / "a.csv", TOOL_000, rows)
    response = await bring(hass, "a.csv")
    assert (response["rows"], response["skipped"], response["skipped_lines"]) == (
        1,
        2,
        [3, 5],
    )


async def test_two_at_once(media: Path, hass: HomeAssistant) -> None:
    """Neither adds to sums that the other is about to write."""
    two_hours(media)
    calls = [
        hass.async_create_task(bring(hass, "a.csv"), eager_start=True) for _ in range(3)
    ]
    for call in calls:
        await call
    statistics = await stored(hass)
    assert sums(statistics, f"{DOMAIN}:gamma_1_shares_accepted") == [59, 119]


@pytest.mark.parametrize("place", ["", "miner_monitor"])
async def test_files_of_the_media_folder(
    media: Path, hass: HomeAssistant, place: str
) -> None:
    folder = media / place
    folder.mkdir(exist_ok=True)
    two_hours(folder)
    for file in (
        "a.csv",
        str(folder / "a.csv"),
        f"media-source://media_source/local/{place}/a.csv".replace("//a", "/a"),
    ):
        assert (await bring(hass, file))["rows"] == 120


async def test_files_of_allowed_folders(
    media: Path, hass: HomeAssistant, tmp_path: Path
) -> None:
    for folder, key in (("allowed", None), ("other", "import_place")):
        place = tmp_path / folder
        place.mkdir()
        two_hours(place)
        if key is None:
            assert (await bring(hass, str(place / "a.csv")))["rows"] == 120
            continue
        (media / "link.csv").symlink_to(place / "a.csv")
        for file in (str(place / "a.csv"), "../other/a.csv", "link.csv"):
            with pytest.raises(ServiceValidationError) as caught:
                await bring(hass, file)
            assert caught.value.translation_key == key


@pytest.mark.parametrize(
    "file",
    [
        *("none.csv", "", ".", "a\0b", "/dev/null", "x" * 5000),
        "media-source://media_source/elsewhere/a.csv",
    ],
)
async def test_files_that_are_none(media: Path, hass: HomeAssistant, file: str) -> None:
    two_hours(media)
    with pytest.raises(ServiceValidationError) as caught:
        await bring(hass, file)
    assert caught.value.translation_key == "import_missing"


async def test_files_that_are_traps(media: Path, hass: HomeAssistant) -> None:
    """None is waited for, read to its end or followed to where it leads."""
    os.mkfifo(media / "pipe.csv")
    for name, place in (("zero", "/dev/zero"), ("proc", "/proc/self/environ")):
        (media / f"{name}.csv").symlink_to(place)
    (media / "loop.csv").symlink_to("loop.csv")
    for name, begin, size in (
        ("wide.csv", b"", 10 * 1024**3),
        ("wide.db", b"SQLite format 3\0", 3 * 1024**3),
    ):
        with (media / name).open("wb") as file:
            file.write(begin)
            file.truncate(size)
    for name, key in (
        *(("pipe.csv", "import_missing"), ("zero.csv", "import_missing")),
        *(("loop.csv", "import_missing"), ("proc.csv", "import_place")),
        *(("wide.csv", "import_too_large"), ("wide.db", "import_unknown")),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await bring(hass, name)
        assert (name, caught.value.translation_key) == (name, key)


@pytest.mark.parametrize(
    ("devices", "key"),
    [
        ({"Gamma-1": "0" * 32}, "import_no_such_device"),
        ({"Gamma-2": None}, "import_no_such_name"),
    ],
)
async def test_maps_of_nothing(
    media: Path, hass: HomeAssistant, devices: dict[str, str | None], key: str
) -> None:
    rig = Rig(hass)
    two_hours(media)
    told = {name: device or rig.device.id for name, device in devices.items()}
    with pytest.raises(ServiceValidationError) as caught:
        await bring(hass, "a.csv", map=told)
    assert caught.value.translation_key == key
    assert await stored(hass) == {}


async def test_nobody_was_online(media: Path, hass: HomeAssistant) -> None:
    write_csv(media / "a.csv", TOOL_000, [row_000(START, status="OFFLINE")])
    with pytest.raises(ServiceValidationError) as caught:
        await bring(hass, "a.csv")
    assert caught.value.translation_key == "import_nothing"


async def test_too_large(
    media: Path, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_hours(media)
    monkeypatch.setattr(prior, "MOST_TABLE_BYTES", 10)
    with pytest.raises(ServiceValidationError) as caught:
        await bring(hass, "a.csv")
    assert caught.value.translation_key == "import_too_large"
