"""Real replies whose keys are not all known to the parsers and simulators yet.

They are read, and nothing of them may raise or become a number that cannot be; what
each of their keys has to become is not written down yet.
"""

BITAXE: frozenset[str] = frozenset()

# of these, those that the simulator is not compared with yet
BITAXE_NOT_SIMULATED: frozenset[str] = frozenset()

AVALON = frozenset(
    {
        "a1047-19120401-pools.json",
        "a1047-19120401-stats.json",
        "a1047-19120401-summary.json",
        "nano3s-25021401-high130-estats.json",
        "nano3s-25021401-mid94-estats.json",
    }
)
