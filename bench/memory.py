#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""memory.py PROGRAM IMAGE...: predicted against measured peak memory (VmHWM) of whole runs: each image with the options and rules below.
Goal: within 15 %."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CASES = [(stride, "mean,median,mode,nested") for stride in ("", "--stride 24", "--stride 8", "--stride 7", "--precision int8", "--embedding shared")] + [("--stride 8", "median")]
UNITS = {"MiB": 1 << 20, "GiB": 1 << 30}

program, images = sys.argv[1], [Path(image).resolve() for image in sys.argv[2:]]
worst = 0.0
print(f"{'image':24} {'options':18} {'rules':26} {'chips':>6} {'predicted':>10} {'measured':>10} {'ratio':>6}")
for image in images:
    for stride, cuts in CASES:
        with tempfile.TemporaryDirectory() as folder:
            config = [str(image), "--pixel-size", "0.0244nm", "--cut", cuts, *stride.split(), "--threads", "2"]
            # The refusal states the prediction; the run then states what it took.
            refusal = subprocess.run([program, "segment", *config, "--output", folder + "/a", "--max-memory", "1M"], capture_output=True, text=True)
            said = re.search(r"about ([\d.]+) (\w+) of memory", refusal.stderr)
            predicted = float(said.group(1)) * UNITS[said.group(2)]
            subprocess.run([program, "segment", *config, "--output", folder + "/b", "--quiet"], check=True)
            measured = json.loads(Path(folder, "b", "run.json").read_text())["images"][0]["peak_memory_bytes"]
            chips = json.loads(Path(folder, "b", image.stem, "report.json").read_text())["grid"]["chips"]
        worst = max(worst, abs(predicted / measured - 1))
        print(f"{image.name:24} {stride or 'auto':18} {cuts:26} {chips:6} {predicted / 2**20:6.0f} MiB {measured / 2**20:6.0f} MiB {predicted / measured:6.2f}",
              flush=True)
print(f"worst {100 * worst:.0f} %, goal 15 %: {'met' if worst <= 0.15 else 'MISSED'}")
