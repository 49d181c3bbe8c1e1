"""All benchmarks, one after the other, each in a process of its own."""

import subprocess
import sys

for name in ("run", "load", "measure", "judge", "alert_quality"):
    print(f"\n== {name} ==", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
