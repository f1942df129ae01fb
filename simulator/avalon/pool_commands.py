"""The commands that change pools: one for flash, the others for memory."""

from .device import Device
from .models import Dialect
from .settings import Pool

type Verdict = tuple[str, int, str]

HOME_USER, OTHER_USER = "admin", "root"
WEB_PASSWORDS = frozenset({"admin", "root"})
BY_ADMIN = frozenset({Dialect.NANO3S, Dialect.MINI3, Dialect.Q})
CODES = {"switchpool": 27, "enablepool": 47, "disablepool": 48, "poolpriority": 73}


class PoolCommands:
    """Changes the pools of one miner."""

    def __init__(self, device: Device) -> None:
        """Act on this miner."""
        self._device = device

    def carry_out(self, name: str, parameter: str) -> Verdict:
        """Do what a command asks for; return letter, code and message."""
        if name == "setpool":
            return self._set_pool(parameter)
        if name == "poolpriority":
            return self._prioritise(parameter)
        if not parameter:
            return "E", 25, "Missing pool id parameter"
        number = self._pool_number(parameter)
        if number is None:
            last = len(self._device.pools) - 1
            return "E", 26, f"Invalid pool id {parameter} - range is 0 - {last}"
        pool = self._device.pools[number]
        code = CODES[name]
        if name == "switchpool":
            self._prefer(pool)
            self._device.switch_pool(number)
            return "S", code, f"Switching to pool {number}: '{pool.url}'"
        pool.enabled = name == "enablepool"
        verb = "Enabling" if pool.enabled else "Disabling"
        return "S", code, f"{verb} pool {number}: '{pool.url}'"

    def _prefer(self, chosen: Pool) -> None:
        """Make a pool the best of all, and move down those that were better."""
        for pool in self._device.pools:
            pool.priority += pool.priority < chosen.priority
        chosen.enabled, chosen.priority = True, 0

    def _pool_number(self, text: str) -> int | None:
        """Return the number of a pool, None if there is none of this number."""
        number = int(text) if text.isascii() and text.isdigit() else -1
        return number if 0 <= number < len(self._device.pools) else None

    def _prioritise(self, parameter: str) -> Verdict:
        """Order the pools until the next start."""
        order = [self._pool_number(part) for part in parameter.split(",")]
        for place, number in enumerate(order):
            if number is None:
                return "E", 26, f"Invalid pool id in {parameter}"
            self._device.pools[number].priority = place
        return "S", CODES["poolpriority"], "Changed pool priorities"

    def _set_pool(self, parameter: str) -> Verdict:
        """Store a pool; it counts after the next start."""
        parts = parameter.split(",")
        if len(parts) != 6:
            return "E", 132, "param err"
        user, password, text, url, worker, phrase = parts
        device = self._device
        expected = HOME_USER if device.model.dialect in BY_ADMIN else OTHER_USER
        if user != expected:
            return "E", 132, "username err"
        if password not in WEB_PASSWORDS:
            return "E", 132, "userpass err"
        number = self._pool_number(text)
        if number is None:
            return "E", 132, "pool num must between 0 and 2"
        pools = list(device.settings["pools"])
        pools[number] = (url, worker, phrase)
        device.settings.write(pools=tuple(pools))
        message = f"pool {number} success set to\n{url}\n{worker}\nPlease reboot ..."
        return "S", 133, message
