"""All benchmarks, one after the other, each in a process of its own."""

import subprocess
import sys

for name, *options in (["run"], ["load"], ["measure"], ["judge"], ["alert_quality", "--quick"]):
    print(f"\n== {name} ==", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=True)
