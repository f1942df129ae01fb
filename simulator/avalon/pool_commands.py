"""The commands that change pools: one for flash, the others for memory."""

from collections.abc import Callable
import re

from .device import Device
from .models import Dialect
from .pool_faults import url_of
from .settings import Pool

type Verdict = tuple[str, int, str]

HOME_USER, OTHER_USER = "admin", "root"
WEB_PASSWORDS = frozenset({"admin", "root"})
BY_ADMIN = frozenset({Dialect.NANO3S, Dialect.MINI3, Dialect.Q})
NUMBER = re.compile(r"\s*([+-]?\d{1,9})")


def leading_number(text: str) -> int:
    """Return the number that a text begins with, nought for none: atoi of C."""
    found = NUMBER.match(text)
    return 0 if found is None else int(found[1])


def _refused(reason: str) -> Verdict:
    """Return why no pool was stored."""
    return "E", 132, f"Pool set error: {reason}"


class PoolCommands:
    """Changes the pools of one miner."""

    def __init__(self, device: Device) -> None:
        """Act on this miner."""
        self._device = device
        self._verbs: dict[str, Callable[[Pool], Verdict]] = {
            "switchpool": self._switch,
            "enablepool": self._enable,
            "disablepool": self._disable,
        }

    def carry_out(self, name: str, parameter: str) -> Verdict:
        """Do what a command asks for; return letter, code and message."""
        if name == "setpool":
            return self._set_pool(parameter)
        if not self._device.pools:
            return "E", 8, "No pools"
        if not parameter:
            return "E", 25, "Missing pool id parameter"
        if name == "poolpriority":
            return self._prioritise(parameter)
        number = leading_number(parameter)
        if not 0 <= number < len(self._device.pools):
            return self._no_such(number)
        return self._verbs[name](self._device.pools[number])

    def _no_such(self, number: int) -> Verdict:
        """Return the reply to a number that no pool has."""
        last = len(self._device.pools) - 1
        return "E", 26, f"Invalid pool id {number} - range is 0 - {last}"

    def _named(self, pool: Pool) -> str:
        """Return how a message names a pool."""
        return f"{pool.number}:'{url_of(pool, self._device.faults)}'"

    def _switch(self, pool: Pool) -> Verdict:
        """Prefer a pool."""
        self._device.pooling.prefer(pool, self._device.physics.now)
        return "S", 27, f"Switching to pool {self._named(pool)}"

    def _enable(self, pool: Pool) -> Verdict:
        """Let a pool be used; one that is better than that in use is preferred."""
        if pool.enabled:
            return "I", 49, f"Pool {self._named(pool)} already enabled"
        pool.enabled = True
        device = self._device
        if pool.priority < device.pools[device.active_pool].priority:
            device.pooling.prefer(pool, device.physics.now)
        return "S", 47, f"Enabling pool {self._named(pool)}"

    def _disable(self, pool: Pool) -> Verdict:
        """Use a pool no more, if it is not the last."""
        if not pool.enabled:
            return "I", 50, f"Pool {self._named(pool)} already disabled"
        if sum(other.enabled for other in self._device.pools) < 2:
            return "E", 51, f"Cannot disable last active pool {self._named(pool)}"
        pool.enabled = False
        self._device.pooling.reconsider(self._device.physics.now)
        return "S", 48, f"Disabling pool {self._named(pool)}"

    def _prioritise(self, parameter: str) -> Verdict:
        """Order the pools until the next start; those not named come last."""
        device = self._device
        order = [leading_number(part) for part in parameter.split(",")]
        for place, number in enumerate(order):
            if not 0 <= number < len(device.pools):
                return self._no_such(number)
            if number in order[:place]:
                return "E", 74, f"Duplicate pool specified {number}"
        rest = sorted(device.pools, key=lambda pool: pool.priority)
        order += [pool.number for pool in rest if pool.number not in order]
        for place, number in enumerate(order):
            device.pools[number].priority = place
        device.pooling.reconsider(device.physics.now)
        return "S", 73, "Changed pool priorities"

    def _set_pool(self, parameter: str) -> Verdict:
        """Store a pool; it counts after the next start."""
        parts = [part for part in parameter.split(",") if part]
        if len(parts) not in {5, 6}:
            count = len(parts)
            return _refused(f"we need 5 | 6 arguments, your input is {count} arguments")
        user, password, text, url, worker, phrase = (*parts, "")[:6]
        device = self._device
        expected = HOME_USER if device.model.dialect in BY_ADMIN else OTHER_USER
        if user != expected:
            return _refused("username err")
        if password not in WEB_PASSWORDS:
            return _refused("userpass err")
        number = leading_number(text)
        if not 0 <= number < len(device.settings["pools"]):
            return _refused(f"pool num must between 0 and 2 , your input is {number}")
        pools = list(device.settings["pools"])
        pools[number] = (url, worker, phrase)
        device.settings.write(pools=tuple(pools))
        message = (
            f"Pool set info: \npool {number} success set to {url}\n"
            f"worker is {worker}\nworkerpassword is {phrase}\n"
            "Please reboot miner to make config work.\n"
        )
        return "S", 133, message
