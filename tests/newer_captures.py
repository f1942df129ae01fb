"""Real replies whose keys are not all known to the parsers and simulators yet.

They are read, and nothing of them may raise or become a number that cannot be; what
each of their keys has to become is not written down yet.
"""

BITAXE = frozenset(
    {
        "axeos-main-2026-08-frontend-mock-info.json",
        "gamma_602-v2.15.0-from-source-asic.json",
        "gamma_602-v2.15.0-from-source-info.json",
        "gt_800-v2.12.2-reconstructed-info.json",
        "hex_304-v2.11.4TCH-reconstructed-asic.json",
        "hex_304-v2.11.4TCH-reconstructed-info.json",
        "suprahex_702-v2.11.4TCH-reconstructed-info.json",
    }
)

# of these, those that the simulator is not compared with yet
BITAXE_NOT_SIMULATED = frozenset(
    {
        "nerdaxe_gaia-v1.1.0-reconstructed-asic.json",
        "nerdaxe_gaia-v1.1.0-reconstructed-info.json",
        "nerdaxegamma-v1.0.35-reconstructed-info.json",
        "nerdoctaxe-v1.0.37.1-reconstructed-info.json",
        "nerdqaxepp-v1.0.28-nomac-info.json",
    }
)

AVALON = frozenset(
    {
        "a1047-19120401-pools.json",
        "a1047-19120401-stats.json",
        "a1047-19120401-summary.json",
        "nano3s-25021401-high130-estats.json",
        "nano3s-25021401-mid94-estats.json",
    }
)
