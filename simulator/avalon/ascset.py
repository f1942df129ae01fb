"""The options of `ascset`: what each model lists, and what each option does."""

from collections.abc import Callable
from dataclasses import dataclass
import re

from .models import Dialect
from .readings import Readings, listed

OPTIONS = {
    Dialect.Q: (
        "help|voltage|fan-spd|lcd|hash-sn-read|hash-sn-write|volt-tuning|workmode|"
        "worklevel|work_mode_lvl|reboot|softon|softoff|filter-clean|facopts|faclock|"
        "activate|solo-allowed|frequency|loop|password|qr_auth|time"
    ),
    Dialect.NANO3S: (
        "help|voltage|fan-spd|ledmode|ledset|lcd|nightlamp|wallpaper|hash-sn-read|"
        "volt-adjust-switch|workmode|worklevel|work_mode_lvl|reboot|filter-clean|"
        "facopts|faclock|frequency|loop|password|qr_auth"
    ),
    Dialect.NANO3: (
        "help|loop|pdelay|led|frequency|hashpower|fan-spd|factory|reboot|softoff|"
        "softon|upgrade|worklevel|password"
    ),
    Dialect.MINI3: (
        "help|voltage|fan-spd|lcd|hash-sn-read|workmode|worklevel|work_mode_lvl|"
        "reboot|softon|softoff|limittemp|filter-clean|facopts|faclock|frequency|loop|"
        "password|qr_auth|time"
    ),
    Dialect.A10: "help|workmode|softoff|fan-spd|led|reboot|bootby|hashpower|password",
    Dialect.A12: "help|workmode|softoff|fan-spd|led|reboot|bootby|hashpower|password",
    Dialect.A15: "help|workmode|softoff|fan-spd|led|reboot|bootby|hashpower|password",
}
WHEN = re.compile(r"1:\s*(\d{1,12})")
VOLTAGES = {Dialect.NANO3S: (2900, 3900), Dialect.Q: (2150, 2600)}
USUAL_VOLTAGES = (1150, 2400)
LONGEST_REBOOT_DELAY = 300
NEED_NO_ARGUMENT = frozenset(
    {"help", "voltage", "loop", "hashpower", "softoff", "time", "bootby"}
)
WRONG_INPUT = "Input param error."
MOST_EFFECTS = 4
DAY, DARK = 0, 1
SCREEN_SETTINGS = ("lcd", "lcd_page", "lcd_bright")
"""What the numbers of `lcd` stand for; any other is taken and changes nothing."""
TARGET_OPTION, TARGETS_SINCE = "target-temp", "2506"
"""An option of newer firmware; which was the first is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an option comes to: a letter, a text, and seconds to a reboot."""

    letter: str
    text: str = ""
    reboot_after: float | None = None


DONE = Outcome(letter="S")


def info(text: str) -> Outcome:
    """Return a success that has something to say."""
    return Outcome(letter="I", text=text)


def failed(text: str) -> Outcome:
    """Return a failure."""
    return Outcome(letter="E", text=text)


def number(text: str) -> int | None:
    """Return a whole number, None for anything else."""
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None


def scanned(text: str) -> int | None:
    """Return the number that a text begins with: %d of sscanf."""
    found = re.match(r"\s*([+-]?\d{1,9})", text)
    return None if found is None else int(found[1])


def numbers(text: str, count: int, separator: str) -> tuple[int, ...] | None:
    """Return so many whole numbers, None for anything else."""
    found = [number(part) for part in text.split(separator)]
    values = tuple(value for value in found if value is not None)
    return values if len(values) == len(found) == count else None


class Options:
    """Carries out the options of one miner."""

    def __init__(self, readings: Readings) -> None:
        """Act on this miner."""
        self._readings = readings
        self._device = readings.device
        self._handlers: dict[str, Callable[[str], Outcome]] = {
            "help": lambda _argument: info("|".join(self.names) + "|"),
            "reboot": self._reboot,
            "workmode": self._mode,
            "worklevel": self._level,
            "work_mode_lvl": self._mode_and_level,
            "softoff": self._soft_off,
            "softon": self._soft_on,
            "hashpower": self._hash_power,
            "fan-spd": self._fan,
            "voltage": self._voltage,
            "lcd": self._lcd,
            "led": self._led,
            "ledset": self._led_set,
            "ledmode": self._led_mode,
            "nightlamp": self._night_lamp,
            "filter-clean": self._filter,
            "limittemp": self._limit_temperature,
            "target-temp": self._target_temperature,
            "time": lambda _argument: info(f"time t:{int(self._device.clock.now())}"),
            "loop": lambda _argument: info(f"LOOP[{self._loop}]"),
            "bootby": lambda _argument: info(f"BOOTBY[{self._device.boot_reason}]"),
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Return what `help` lists."""
        dialect = self._device.model.dialect
        listed_options = OPTIONS.get(dialect, "")
        if dialect is Dialect.NANO3S and self._device.firmware >= TARGETS_SINCE:
            listed_options += f"|{TARGET_OPTION}"
        return tuple(listed_options.split("|")) if listed_options else ()

    @property
    def _loop(self) -> str:
        """Return the chips of each board, and a space behind each."""
        return "".join(f"{self._device.model.chips} " for _ in self._readings.boards)

    def carry_out(self, name: str, argument: str) -> Outcome:
        """Do what an option asks for."""
        wanted = name.lower()
        if wanted not in self.names:
            return failed(f"Unknown option: {name}")
        if not argument and wanted not in NEED_NO_ARGUMENT:
            return failed(f"missing {wanted} setting")
        handler = self._handlers.get(wanted)
        if handler is None:
            return failed(f"{wanted} unknown argument")
        return handler(argument)

    def _reboot(self, argument: str) -> Outcome:
        """Restart after some seconds."""
        if argument == "all" and self._device.model.dialect is Dialect.NANO3:
            argument = "0"
        delay = scanned(argument)
        if delay is None:
            return failed("reboot value not number")
        if not 0 <= delay <= LONGEST_REBOOT_DELAY:
            return failed("reboot value should be 0~300 seconds")
        if self._device.model.industrial:
            delay = 0
        return Outcome(letter="S", reboot_after=max(1.0, delay))

    def _refusal(self, stop: str = "") -> Outcome | None:
        """Return why no mode can be set now, if so."""
        device = self._device
        if device.adjusted:
            return None
        mode = device.settings["mode"]
        return failed(f"current mode {mode} is caling{stop} Don't permit switch mode")

    def _set_mode(self, mode: int, level: int) -> Outcome:
        """Store a mode, if the miner has it and is done calibrating."""
        model = self._device.model
        highest = max(model.mode_numbers)
        if not 0 <= mode <= highest:
            return failed(f"error:1 not support set workmode max_mode[{highest}]")
        pairs = zip(model.mode_numbers, model.modes, strict=True)
        if (mode, level) not in {(n, candidate.level) for n, candidate in pairs}:
            return failed("error:2 parameter error")
        if (refusal := self._refusal()) is not None:
            return refusal
        self._device.set_mode(mode, level)
        return DONE

    def _mode(self, argument: str) -> Outcome:
        """Tell or set the work mode."""
        if self._device.model.industrial:
            return self._industrial_mode(argument)
        if argument == "get":
            return info(f"workmode {self._device.settings['mode']}")
        verb, _, value = argument.partition(",")
        mode = scanned(value)
        if verb != "set" or mode is None:
            return failed("error:2 parameter error")
        return self._set_mode(mode, 0)

    def _industrial_mode(self, argument: str) -> Outcome:
        """Tell or set the work mode of the A series, which counts after a reboot."""
        mode = number(argument)
        if mode == 255:
            return info(f"WORKMODE[{self._device.settings['mode']}]")
        if mode is None:
            return failed("workmode unknown argument")
        outcome = self._set_mode(mode, 0)
        return outcome if outcome is not DONE else info(f"WORKMODE[{mode}] success")

    def _level(self, argument: str) -> Outcome:
        """Tell or set the work level; a Nano 3 knows nothing else."""
        settings = self._device.settings
        nano = self._device.model.dialect is Dialect.NANO3
        if argument == "get":
            return info(f"worklevel {settings['mode' if nano else 'level']}")
        verb, _, value = argument.partition(",")
        level = number(value)
        if verb != "set" or level is None:
            return failed("error:2 parameter error")
        return (
            self._set_mode(level, 0)
            if nano
            else self._set_mode(settings["mode"], level)
        )

    def _mode_and_level(self, argument: str) -> Outcome:
        """Tell or set mode and level at once."""
        settings = self._device.settings
        if argument == "get":
            return info(f"workmode {settings['mode']} worklevel {settings['level']}")
        verb, _, values = argument.partition(",")
        pair = numbers(values, 2, ",")
        if verb != "set" or pair is None:
            return failed("error:2 parameter error")
        if (refusal := self._refusal(".")) is not None:
            return refusal
        model = self._device.model
        highest = max(model.mode_numbers)
        if model.dialect is Dialect.NANO3S and pair[0] >= highest:
            return failed(f"error:1 not support set workmode max_mode[{highest}]")
        return self._set_mode(*pair)

    def _soft_off(self, argument: str) -> Outcome:
        """Go to sleep at a time, or at once on the A series."""
        device = self._device
        if device.model.industrial:
            device.rest()
            return DONE
        if (found := WHEN.fullmatch(argument)) is None:
            return failed("softoff unknown argument")
        device.schedule.plan_off(float(found[1]))
        device.follow_schedule()
        return info(f"success softoff:{found[1]}")

    def _soft_on(self, argument: str) -> Outcome:
        """Wake at a time."""
        if (found := WHEN.fullmatch(argument)) is None:
            return failed("softon unknown argument")
        self._device.schedule.plan_on(float(found[1]))
        self._device.follow_schedule()
        return info(f"success softon:{found[1]}")

    def _hash_power(self, argument: str) -> Outcome:
        """Cut the chips' power or give it back; controller and fans stay on."""
        match argument:
            case "":
                return info(f"PS[{listed(self._readings.supply)}]")
            case "0":
                self._device.rest(fans=True)
                return info("Power off hash now ...")
            case "1":
                self._device.wake()
                return info("Power on hash now ...")
        return failed("hashpower unknown argument")

    def _fan(self, argument: str) -> Outcome:
        """Set the fans' duty cycle until the next start, or let it follow."""
        dialect = self._device.model.dialect
        least = (
            15
            if dialect is not Dialect.NANO3 and not self._device.model.industrial
            else 0
        )
        duty = scanned(argument)
        if duty is None:
            return failed("No value passed to avalon-fan")
        if duty == -1:
            self._device.fan_duty = None
            return DONE
        if not least <= duty <= 100:
            valid = f"valid range {least}-100 for stable pwm,-1 for auto adjust"
            return failed(f"invalid fan value, {valid}")
        self._device.fan_duty = float(duty)
        return DONE

    def _voltage(self, argument: str) -> Outcome:
        """Tell the supply's vector, or set the hash board's voltage for a while."""
        if not argument:
            return info(f"PS[{listed(self._readings.supply)}]")
        low, high = VOLTAGES.get(self._device.model.dialect, USUAL_VOLTAGES)
        wanted = scanned(argument)
        if wanted is None or not low <= wanted <= high:
            return failed(f"Setting invalid: voltage range {low}~{high}")
        self._device.volts = wanted
        return DONE

    def _lcd(self, argument: str) -> Outcome:
        """Switch the screen, choose its page or brightness."""
        pair = numbers(argument, 2, ":")
        if pair is None:
            return failed("No value passed to lcd")
        number, value = pair
        if 0 <= number < len(SCREEN_SETTINGS):
            stored = value if number else int(value != 0)
            self._device.settings.write(**{SCREEN_SETTINGS[number]: stored})
        return info(f"success lcd:id[{number}] val[{value}] len=4")

    def _led(self, argument: str) -> Outcome:
        """Tell or set the light: the Nano 3's colours, the A series' locator."""
        device = self._device
        if device.model.industrial:
            if argument == "1-255":
                return info(f"LED[{int(device.identifying)}]")
            if argument not in {"1-0", "1-1"}:
                return failed("led unknown argument")
            device.identifying = argument == "1-1"
            return DONE
        if argument == "get":
            return info(f"LED[{'-'.join(map(str, device.settings['led']))}]")
        verb, _, values = argument.partition(",")
        counts = {"setmode": 1, "setbright": 1, "setrgb": 5}
        wanted = numbers(values, counts.get(verb, 0), "-")
        if wanted is None:
            return failed("led unknown argument")
        effect, brightness, warmth, *colour = device.settings["led"]
        match verb:
            case "setmode":
                changed = (wanted[0], brightness, warmth, *colour)
            case "setbright":
                changed = (effect, wanted[0], warmth, *colour)
            case _:
                changed = (effect, *wanted)
        device.settings.write(led=changed)
        return DONE

    def _led_set(self, argument: str) -> Outcome:
        """Set the light of a Nano 3S by day."""
        settings = self._device.settings
        if settings["led_mode"] != DAY:
            return info("not in (day)mode now")
        wanted = numbers(argument, 6, "-")
        if wanted is None or not 0 <= wanted[0] <= MOST_EFFECTS:
            return failed("led parameter wrong")
        effect, brightness, warmth, *colour = wanted
        colour = [part & 0xFF for part in colour]
        settings.write(led=(effect, brightness, warmth, *colour))
        return info("led set ok")

    def _led_mode(self, argument: str) -> Outcome:
        """Choose between day and dark."""
        mode = scanned(argument)
        if mode not in {DAY, DARK}:
            return failed(WRONG_INPUT)
        self._device.settings.write(led_mode=mode)
        return info(f"success set:{mode}")

    def _night_lamp(self, argument: str) -> Outcome:
        """Light a lamp for some seconds, in the dark only."""
        if self._device.settings["led_mode"] != DARK:
            return failed("not in (dark)mode now")
        pair = numbers(argument, 2, "-")
        if pair is None or pair[0] not in {0, 1}:
            return failed(WRONG_INPUT)
        on, seconds = pair
        self._device.night_lamp = seconds if on else 0
        return info(f"success set:{on} {seconds}")

    def _filter(self, argument: str) -> Outcome:
        """Note that the filter was cleaned."""
        wanted = scanned(argument)
        if wanted is None:
            return failed("No value passed to avalon-filter-clean")
        if wanted != 1:
            return failed(WRONG_INPUT)
        self._device.settings.write(filter_cleaned=self._device.clock.now())
        return DONE

    def _limit_temperature(self, argument: str) -> Outcome:
        """Set the temperature to heat the room to."""
        wanted = number(argument)
        if wanted is None or not 20 <= wanted <= 50:
            return failed("limittemp unknown argument")
        self._device.settings.write(limit_temperature=wanted)
        return DONE

    def _target_temperature(self, argument: str) -> Outcome:
        """Set what the chips are held at, until the next start or mode."""
        wanted = number(argument)
        if wanted is None or not 50 <= wanted <= 90:
            return failed("target-temp unknown argument")
        self._device.target = wanted
        return DONE
