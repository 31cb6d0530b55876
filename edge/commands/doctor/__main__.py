"""The checks that load OpenCV, numpy and the runtime; apart.py runs this.

python -m edge.commands.doctor [CONFIG]     one finding a line, as JSON
"""

import json
import sys
from dataclasses import asdict

from edge.commands.doctor.findings import Finding, Machine
from edge.errors import SettingsError
from edge.settings import Settings, load


def main() -> None:
    try:
        settings = load(sys.argv[1] if sys.argv[1:] else None)
    except SettingsError:  # the doctor itself tells of it
        settings = Settings()
    from edge.commands.doctor import camera

    tell(camera.check(settings.camera, Machine()))
    from edge.commands.doctor import model

    tell(model.check(settings))


def tell(findings: list[Finding]) -> None:
    for finding in findings:
        print(json.dumps(asdict(finding)), flush=True)


if __name__ == "__main__":
    main()
