"""Run all benchmarks in sequence, each in a process of its own."""

import subprocess
import sys

for name, *options in (["run"], ["load"], ["measure"], ["evaluate"], ["alert_quality", "--quick"]):
    print(f"\n== {name} ==", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=True)
