"""Print how long faces showed each emotion, hour by hour: `python -m edge.examples.count_by_hour [emotions.db]`.

Needs pandas: `python -m pip install -r edge/requirements-report.txt`.
"""

import io
import subprocess
import sys

import pandas as pd

log = sys.argv[1] if len(sys.argv) > 1 else "logs/emotions.db"
exported = subprocess.run(
    [sys.executable, "-m", "edge", "export", "--log", log],
    stdout=subprocess.PIPE,
    check=True,
)
rows = pd.read_csv(io.BytesIO(exported.stdout), parse_dates=["utc"])
rows = rows[rows.certain == 1]
hour = rows.utc.dt.tz_convert("Europe/Berlin").dt.floor("h")  # your own time zone
seconds = rows.groupby([hour, "emotion"]).size().unstack(fill_value=0)  # a row is a second of one face
print(seconds)
