"""Devices on a real hub; broker, database and collector fail on the way: nothing may be lost or doubled.

.venv-edge/bin/python -m tests.fleet --devices 500 --minutes 10       (Debian's mosquitto, postgresql and openssl)
"""

import argparse
import sys

from tests.fleet.judgement import problems
from tests.fleet.report import table
from tests.fleet.trial import Trial
from tests.hub.engines import ENGINES, Hub
from tests.hub.processes import missing

FEWEST_DEVICES = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=500, help="from 5 (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the devices' life (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all random moments (default: %(default)s)")
    args = parser.parse_args()
    if args.devices < FEWEST_DEVICES:
        parser.error(f"--devices {args.devices}: expected at least {FEWEST_DEVICES}, as four of them are special")
    absent = missing(*ENGINES)
    if absent:
        parser.error(absent)
    names = [f"device-{number:04}" for number in range(args.devices)]
    hub = Hub(names)
    try:
        hub.start()
        trial = Trial(hub, names, args.minutes * 60, args.seed)
        trial.run()
        found = problems(trial)
        print(table(trial))
    finally:
        hub.close()
    print("\n".join(found) or "nothing lost, nothing doubled, nothing in the future")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
