"""Actions obey the permissions of the caller on the entities they act on."""

from collections.abc import Mapping
from typing import Any

from homeassistant.auth.models import User
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.miner_monitor.const import DOMAIN

from .conftest import GAMMA, GAMMA_2, TimedBench
from .fleets import MINING, RESTART_ALL, SAVE_POWER, House, build
from .handles import Handle, take_over

CONTROL = {"read": True, "control": True}

ACTIONS: Mapping[str, dict[str, Any]] = {
    "apply_settings": {"frequency": 490},
    "apply_profile": {"profile": "Night"},
    "save_profile": {"profile": "Night"},
    "delete_profile": {"profile": "Night"},
    "copy_profiles": {"source": "other"},
    "hold": {"for": "01:00:00"},
}
ADMINS: Mapping[str, dict[str, Any]] = {"export_csv": {}, "show_details": {}}
REPORTS = ("miner_report", "compare_settings")


@pytest.fixture
async def pair(bench: TimedBench) -> tuple[Handle, Handle]:
    """Give two miners of one board, with a profile each."""
    handles = tuple(
        [await take_over(bench, await bench.miner(spec)) for spec in (GAMMA, GAMMA_2)]
    )
    for handle in handles:
        data = {"device_id": handle.device_id, "profile": "Night"}
        await bench.call(DOMAIN, "save_profile", data)
        handle.miner.forget_requests()
    return handles


def user_who_may(hass: HomeAssistant, entities: Any) -> MockUser:
    """Return a user with this policy for entities."""
    user = MockUser().add_to_hass(hass)
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    user.mock_policy({"entities": entities} if entities else {})
    return user


async def act(
    bench: TimedBench,
    user: User | None,
    action: str,
    data: Mapping[str, Any],
    *,
    answers: bool = False,
    domain: str = DOMAIN,
) -> Any:
    """Call an action as a user does, or as an automation."""
    return await bench.run(
        bench.hass.services.async_call(
            domain,
            action,
            dict(data),
            blocking=True,
            context=Context(user_id=user.id if user else None),
            return_response=answers,
        )
    )


def data_for(pair: tuple[Handle, Handle], action: str) -> dict[str, Any]:
    one, other = pair
    given = {**ACTIONS, **ADMINS}.get(action, {})
    if "source" in given:
        given = {"source": other.device_id}
    return {"device_id": one.device_id, **given}


@pytest.mark.parametrize("action", [*ACTIONS, *ADMINS])
async def test_who_may_only_read_controls_nothing(
    bench: TimedBench,
    hass_read_only_user: MockUser,
    pair: tuple[Handle, Handle],
    action: str,
) -> None:
    before = dict(pair[0].entry.runtime_data.controller.intents.memory.profiles.saved)
    with pytest.raises(Unauthorized):
        await act(bench, hass_read_only_user, action, data_for(pair, action))
    await bench.advance(30)

    assert pair[0].writes == []
    assert pair[0].entry.runtime_data.controller.intents.memory.profiles.saved == before


@pytest.mark.parametrize("action", ["apply_settings", "apply_profile", "copy_profiles"])
async def test_who_may_control_a_part(
    bench: TimedBench, hass: HomeAssistant, pair: tuple[Handle, Handle], action: str
) -> None:
    """A switch is no frequency, and one miner is not two."""
    one, other = pair
    data = data_for(pair, action)
    switches = user_who_may(hass, {"domains": {"switch": CONTROL}})
    with pytest.raises(Unauthorized):
        await act(bench, switches, action, data)

    mine = user_who_may(hass, {"device_ids": {one.device_id: CONTROL}})
    both = {**data, "device_id": [one.device_id, other.device_id]}
    with pytest.raises(Unauthorized) as raised:
        await act(bench, mine, action, both)
    assert raised.value.user_id == mine.id
    assert one.writes == other.writes == []


async def test_who_may_control_what_is_set(
    bench: TimedBench, hass: HomeAssistant, pair: tuple[Handle, Handle]
) -> None:
    """The entity of the setting is enough, and that of the profiles for profiles."""
    one, _ = pair
    entity = {one.entity("number", "frequency"): CONTROL}
    user = user_who_may(hass, {"entity_ids": entity})
    await act(bench, user, "apply_settings", data_for(pair, "apply_settings"))
    assert one.writes == [{"frequency": 490}]
    two = {**data_for(pair, "apply_settings"), "core_voltage": 1.1}
    with pytest.raises(Unauthorized) as raised:
        await act(bench, user, "apply_settings", two)
    assert raised.value.entity_id == one.entity("number", "core_voltage")

    chooser = {one.entity("select", "profile"): CONTROL}
    user = user_who_may(hass, {"entity_ids": chooser})
    await act(bench, user, "save_profile", {**data_for(pair, "x"), "profile": "Day"})
    assert "Day" in one.entry.runtime_data.controller.intents.memory.profiles.saved


async def test_copying_reads_the_source(
    bench: TimedBench, hass: HomeAssistant, pair: tuple[Handle, Handle]
) -> None:
    one, other = pair
    user = user_who_may(hass, {"device_ids": {one.device_id: CONTROL}})
    with pytest.raises(Unauthorized):
        await act(bench, user, "copy_profiles", data_for(pair, "copy_profiles"))

    both = {one.device_id: CONTROL, other.device_id: {"read": True}}
    user = user_who_may(hass, {"device_ids": both})
    hidden = {"device_id": other.device_id, "source": one.device_id}
    with pytest.raises(Unauthorized):
        await act(bench, user, "copy_profiles", hidden)


@pytest.mark.parametrize("action", ["apply_settings", "save_profile"])
async def test_automations_and_admins_may_do_all(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_admin_user: MockUser,
    pair: tuple[Handle, Handle],
    action: str,
) -> None:
    for user in (None, hass_admin_user):
        await act(bench, user, action, data_for(pair, action))


async def test_a_user_who_is_gone(
    bench: TimedBench, hass: HomeAssistant, pair: tuple[Handle, Handle]
) -> None:
    with pytest.raises(UnknownUser):
        await act(bench, MockUser(), "apply_settings", data_for(pair, "apply_settings"))


async def test_reports_tell_what_the_caller_may_read(
    bench: TimedBench,
    hass: HomeAssistant,
    hass_read_only_user: MockUser,
    pair: tuple[Handle, Handle],
) -> None:
    """A report of others is refused; that of all leaves them out."""
    one, other = pair
    mine = user_who_may(hass, {"device_ids": {one.device_id: {"read": True}}})
    for action in REPORTS:
        for user in (mine, hass_read_only_user, None):
            answer = await act(
                bench, user, action, {"device_id": one.device_id}, answers=True
            )
            assert [miner["name"] for miner in answer["miners"]] == [one.entry.title]
        with pytest.raises(Unauthorized):
            await act(bench, mine, action, {"device_id": other.device_id}, answers=True)

    answer = await act(bench, mine, "fleet_report", {}, answers=True)
    assert answer["now"]["miners"] == 1
    assert other.entry.title not in str(answer)
    answer = await act(bench, hass_read_only_user, "fleet_report", {}, answers=True)
    assert answer["now"]["miners"] == 2


@pytest.mark.parametrize("policy", [{}, {"domains": {"switch": CONTROL}}])
async def test_reports_for_nobody(
    bench: TimedBench, hass: HomeAssistant, pair: tuple[Handle, Handle], policy: Any
) -> None:
    user = user_who_may(hass, policy)
    for action in (*REPORTS, "fleet_report"):
        data = {} if action == "fleet_report" else {"device_id": pair[0].device_id}
        with pytest.raises(Unauthorized):
            await act(bench, user, action, data, answers=True)


@pytest.fixture
async def house(bench: TimedBench) -> House:
    return await build(bench)


@pytest.mark.parametrize(
    ("domain", "action", "entity_id", "orders"),
    [
        ("switch", "turn_off", MINING, ("pause",)),
        ("switch", "turn_on", SAVE_POWER, ("pause",)),
        ("button", "press", RESTART_ALL, ("restart",)),
    ],
)
async def test_all_miners_need_the_permission_on_each(
    bench: TimedBench,
    hass: HomeAssistant,
    house: House,
    domain: str,
    action: str,
    entity_id: str,
    orders: tuple[str, ...],
) -> None:
    """The switch of all is no way around what is forbidden with one."""
    devices = [
        Handle(bench, house.miners[name], house.entries[name]).device_id
        for name in house.miners
    ]
    own = {"entity_ids": {entity_id: CONTROL}}
    for allowed in ([], devices[:2]):
        policy = {**own, "device_ids": dict.fromkeys(allowed, CONTROL)}
        user = user_who_may(hass, policy)
        with pytest.raises(Unauthorized):
            await act(bench, user, action, {"entity_id": entity_id}, domain=domain)
    await bench.advance(10)
    assert house.who(*orders) == []

    user = user_who_may(hass, {**own, "device_ids": dict.fromkeys(devices, CONTROL)})
    await act(bench, user, action, {"entity_id": entity_id}, domain=domain)
    await bench.advance(10)
    assert sorted(house.who(*orders)) == ["anna", "bert", "carl"]
