"""A farm on which everything happens that automations can be triggered by."""

from simulator import Farm, MinerSpec

SPECS = {
    name: MinerSpec(
        name=name,
        model="gamma_601",
        firmware="2.12.2",
        hostname=name,
        mac=f"E4:B0:63:00:0A:{number:02X}",
        boot_seconds=1.0,
        init_seconds=1.0,
        uptime=86_400,
    )
    for number, name in enumerate(
        [
            *("block", "best", "away", "hot", "pool", "second", "fan", "fault"),
            *("reboot", "update", "reject", "stall", "saver", "slow"),
        ]
    )
}
HAPPENS = {
    "went_offline": "away",
    "back_online": "away",
    "block_found": "block",
    "fan_stopped": "fan",
    "fault": "fault",
    "firmware_changed": "update",
    "hash_rate_dropped": "slow",
    "new_best_difficulty": "best",
    "on_fallback_pool": "second",
    "overheated": "hot",
    "pool_lost": "pool",
    "rejects_high": "reject",
    "restarted": "reboot",
    "stalled": "stall",
    "throttled": "hot",
}
"""To which miner it happens, by the key of the trigger. Most happens within minutes, a
stall within ten; only then a hash rate is known that can drop."""

REJECTED = 15
"""Shares that are rejected at once: more would not be believed."""


def begin(farm: Farm) -> None:
    """Let something happen to every miner, but to the one that is slow later."""
    counters = ("sharesAccepted", "sharesRejected")
    stall, reject = (farm[name].reply("info") for name in ("stall", "reject"))
    rejected = {"sharesRejected": reject["sharesRejected"] + REJECTED}
    farm["away"].inject("offline")
    farm["best"].inject("override", values={"bestDiff": 4.29e9})
    farm["block"].inject("block_found")
    # Only its reading: a fan that stands still would make it too hot later.
    farm["fan"].inject("override", values={"fanrpm": 0})
    farm["fault"].inject("power_fault")
    farm["hot"].inject("hot", temperature=80)
    farm["pool"].inject("pool_lost")
    farm["reboot"].reboot()
    farm["reject"].inject("override", values=rejected)
    farm["second"].inject("pool_lost", fallback=True)
    farm["stall"].inject("override", values={key: stall[key] for key in counters})
    farm["update"].update_firmware("2.15.0")


def slow_down(farm: Farm) -> None:
    """Let a miner hash at a fifth of its rate."""
    rates = dict.fromkeys(("hashRate", "hashRate_1m", "hashRate_10m"), 200.0)
    farm["slow"].inject("override", values=rates)
