"""Where one miner is asked: where it was last, then where others have seen it."""

from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp import ClientSession
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant

from ..const import (
    CONF_FAMILY,
    ISSUE_ALIKE,
    ISSUE_WRONG_DEVICE,
    LOGGER,
)
from ..miners import (
    Endpoint,
    MinerAlikeError,
    MinerAuthError,
    MinerClient,
    MinerError,
    create_client,
)
from ..miners.model import Family, MinerIdentity
from ..model import MinerData
from .entries import (
    NEEDS_CODE,
    async_alike,
    async_announce,
    async_offer_unit,
    async_owner,
    async_store_address,
    async_update_device,
    endpoint_at,
    endpoint_of,
    trusted_address,
)
from .messages import async_clear_issues, async_create_issue

MOST_OFFERS = 3
"""Addresses that are tried beside the last known one; the oldest gives way."""

MOST_UNITS = 32
"""Devices at one address that are offered; a page that names more is no rig's."""

REPAIR_AFTER_POLLS = 6
"""Polls that meet a stranger before the user is asked for the address."""

type Outcome = MinerData | MinerIdentity | MinerError
"""Our data, the stranger who answered, or what went wrong."""


class MinerAddresses:
    """Knows where a miner is and may be, and moves with it once that is proved."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, session: ClientSession
    ) -> None:
        """Begin where the entry says that the miner is."""
        self._hass = hass
        self._entry = entry
        self._session = session
        self._followed: tuple[object, object] = (None, None)
        self._named = endpoint_of(entry)
        self.client = self._client_of(self._named)
        self._offered: deque[tuple[str, int]] = deque(maxlen=MOST_OFFERS)
        self._stranger_polls = 0
        self._units: set[str] = set()

    def _client_of(self, endpoint: Endpoint) -> MinerClient:
        return create_client(
            Family(self._entry.data[CONF_FAMILY]), endpoint, self._session
        )

    @property
    def _here(self) -> tuple[str, int]:
        return self.client.host, self.client.port

    def offer(self, host: str, port: int) -> bool:
        """Keep an address to try; return whether it was not known yet."""
        address = (host, port)
        if address == self._here or address in self._offered:
            return False
        self._offered.append(address)
        return True

    def follow_entry(self) -> None:
        """Ask at the address that the entry names now."""
        entry = self._entry
        if entry.data is self._followed[0] and entry.options is self._followed[1]:
            return
        self._followed = entry.data, entry.options
        if (named := endpoint_of(entry)) != self._named:
            self._named = named
            self.client = self._client_of(named)

    async def async_find(
        self, poll: Callable[[MinerClient], Awaitable[Outcome]]
    ) -> Outcome:
        """Poll where the miner was last, then where others have seen it.

        What answers first as ours is where it is; otherwise it is what the last known
        address gave.
        """
        outcome = await poll(self.client)
        if isinstance(outcome, MinerData):
            self._offered.clear()
            return outcome
        if isinstance(outcome, MinerIdentity) and (
            owner := async_owner(self._hass, outcome)
        ):
            async_announce(self._hass, owner, *self._here)
        for address in (*self._offered, *self._confirmed_elsewhere):
            elsewhere = self._client_of(endpoint_at(self._entry, *address))
            found = await poll(elsewhere)
            if isinstance(found, MinerData):
                self._move(elsewhere, found.identity)
                return found
            asks = isinstance(found, MinerAuthError) and found.credentials
            if asks and self._entry.data.get(CONF_PASSWORD):
                # Only the user can say whether this is the miner.
                host, port = address
                self._entry.async_start_reauth(
                    self._hass,
                    data={NEEDS_CODE: False, CONF_HOST: host, CONF_PORT: port},
                )
            # One that is silent may be booting: its offer stays.
            if isinstance(found, MinerIdentity) and address in self._offered:
                self._offered.remove(address)
        return outcome

    @property
    def _confirmed_elsewhere(self) -> list[tuple[str, int]]:
        """Where the user last confirmed the miner, if it was followed from there."""
        host, _, port = trusted_address(self._entry).rpartition(":")
        known = host, int(port)
        return [] if known in {self._here, *self._offered} else [known]

    def _move(self, client: MinerClient, identity: MinerIdentity) -> None:
        """Stay with the address at which the miner was found."""
        entry, before = self._entry, self.client.host
        LOGGER.info("%s moved from %s to %s", entry.title, before, client.host)
        self.client = client
        self._offered.clear()
        async_store_address(self._hass, entry, *self._here)
        self._named = endpoint_of(entry)
        async_update_device(self._hass, entry, identity, client.configuration_url)

    def answered(self, *, anew: bool) -> None:
        """Take that ours answers; ``anew``: for the first time, or again.

        What is new beside it at the address is offered.
        """
        self._stranger_polls = 0
        for unit in self.client.units[:MOST_UNITS]:
            if unit not in self._units and len(self._units) < MOST_UNITS:
                self._units.add(unit)
                async_offer_unit(self._hass, self._entry, unit)
        if anew:
            async_clear_issues(self._hass, self._entry, ISSUE_WRONG_DEVICE)

    def met_stranger(self, stranger: MinerIdentity) -> bool:
        """Tell whether another device stays at the address; then ask for help."""
        if not self._stranger_polls:
            LOGGER.info(
                "Another device (%s) responds at the address of %s",
                stranger.model,
                self._entry.title,
            )
        self._stranger_polls += 1
        if self._stranger_polls < REPAIR_AFTER_POLLS:
            return False
        async_create_issue(
            self._hass,
            self._entry,
            ISSUE_WRONG_DEVICE,
            host=self.client.host,
            found=stranger.model,
        )
        return True

    def require_distinct(self, seen: MinerIdentity) -> None:
        """Refuse to write to one of two miners that nothing distinguishes."""
        if other := async_alike(self._hass, self._entry, seen):
            async_create_issue(self._hass, self._entry, ISSUE_ALIKE, other=other.title)
            raise MinerAlikeError(f"it may be {other.title}")
