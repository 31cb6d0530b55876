"""Milliseconds computed from counted instructions, as a range: no Pi was at hand.

A core completes more or fewer instructions a cycle as the program waits for memory. `calibrate.py` counts programs
whose times on a Pi are published: these are the least and the greatest that it found.
"""

INSTRUCTIONS_A_CYCLE = {"cortex-a76": (1.67, 1.86), "cortex-a72": (0.64, 1.01)}
GIGAHERTZ = {"cortex-a76": 2.4, "cortex-a72": 1.8}  # Pi 5, Pi 4


def milliseconds(million_instructions: float, cpu: str) -> tuple[float, float] | None:
    """The shortest and the longest that so many may take on one core; None where no times are published for it."""
    if cpu not in INSTRUCTIONS_A_CYCLE:
        return None
    least, most = INSTRUCTIONS_A_CYCLE[cpu]
    cycles = million_instructions / GIGAHERTZ[cpu]
    return cycles / most, cycles / least
