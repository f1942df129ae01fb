"""What a user wants is on the disk before anything is sent, or an error says not."""

import asyncio
import errno
import json
from pathlib import Path
import shutil
from typing import Any
from unittest.mock import patch

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.miner_monitor.const import DOMAIN
from custom_components.miner_monitor.runtime.store import (
    VERSION,
    IntentFile,
    async_remove_intents,
)

WANTED = {"throttle": {"target": {"mining": False}}}


def path_of(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(".storage", f"{DOMAIN}.intents.one"))


async def test_what_is_stored_is_read(hass: HomeAssistant) -> None:
    await IntentFile(hass, "one").async_save(WANTED)

    file = IntentFile(hass, "one")
    assert await file.async_load() == WANTED
    assert file.saved_at is not None
    assert await IntentFile(hass, "two").async_load() is None


@pytest.mark.parametrize("state", [CoreState.stopping, CoreState.final_write])
async def test_it_is_stored_while_home_assistant_stops(
    hass: HomeAssistant, state: CoreState
) -> None:
    hass.set_state(state)
    await IntentFile(hass, "one").async_save(WANTED)
    hass.set_state(CoreState.running)

    assert await IntentFile(hass, "one").async_load() == WANTED


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        json.dumps({"version": VERSION}),
        json.dumps({"version": VERSION - 1, "saved_at": 5, "intents": WANTED}),
        json.dumps({"version": VERSION + 1, "saved_at": 5, "intents": WANTED}),
        json.dumps({"version": VERSION, "saved_at": 5, "intents": [WANTED]}),
        "\x00" * 100,
    ],
)
async def test_a_file_that_makes_no_sense_wants_nothing(
    hass: HomeAssistant, content: str
) -> None:
    path_of(hass).parent.mkdir(exist_ok=True)
    path_of(hass).write_text(content)

    file = IntentFile(hass, "one")
    assert await file.async_load() is None
    await file.async_save(WANTED)
    assert await IntentFile(hass, "one").async_load() == WANTED


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
async def test_a_disk_that_fails_is_an_error_and_keeps_what_was(
    hass: HomeAssistant, code: int
) -> None:
    file = IntentFile(hass, "one")
    await file.async_save(WANTED)
    failing = patch(
        "homeassistant.util.file.AtomicWriter", side_effect=OSError(code, "it failed")
    )
    with failing, pytest.raises(HomeAssistantError):
        await file.async_save({})

    assert await IntentFile(hass, "one").async_load() == WANTED
    await file.async_save({})
    assert await IntentFile(hass, "one").async_load() == {}


async def test_a_folder_that_cannot_be_made_is_an_error(hass: HomeAssistant) -> None:
    folder = path_of(hass).parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("in the way")

    with pytest.raises(HomeAssistantError):
        await IntentFile(hass, "one").async_save(WANTED)


async def test_the_last_one_counts_though_a_caller_went_away(
    hass: HomeAssistant,
) -> None:
    """A thread that is writing cannot be stopped; the next one waits for it."""
    file = IntentFile(hass, "one")
    calls = [
        asyncio.create_task(file.async_save({"throttle": number}))
        for number in range(20)
    ]
    for place, call in enumerate(calls):
        await asyncio.sleep(0)
        if place % 3 == 0:
            call.cancel()
    await asyncio.wait(calls)
    await file.async_save({"throttle": "last"})
    await hass.async_block_till_done()

    stored: dict[str, Any] = json.loads(path_of(hass).read_text())
    assert stored["intents"] == {"throttle": "last"}


async def test_what_is_removed_is_gone(hass: HomeAssistant) -> None:
    await IntentFile(hass, "one").async_save(WANTED)
    await async_remove_intents(hass, "one")
    await async_remove_intents(hass, "never there")

    assert await IntentFile(hass, "one").async_load() is None
