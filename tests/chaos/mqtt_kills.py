"""Kill the real gateway at any moment while it sends episodes to a real Mosquitto, and see that none is lost.

.venv-edge/bin/python -m tests.chaos.mqtt_kills [--kills 200] [--seed 1]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fakes.gateway_process import kill_again_and_again


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="default: 200")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all random moments (default: 1)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        came = kill_again_and_again(Path(folder), args.kills, args.seed)
    missing = set(range(1, came[-1], 10)) - set(came)
    in_order = came == sorted(came)
    print(f"{args.kills} kills, {len(came)} episodes came, {len(missing)} missing, in order: {in_order}")
    return 1 if missing or not in_order else 0


if __name__ == "__main__":
    sys.exit(main())
