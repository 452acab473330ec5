#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the README's pictures (docs/img) from the results of scripts/demo.sh: readme_pictures.py out/demo. Needs Chromium for the chart."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).resolve().parent.parent / "docs" / "img"


def save(picture: Image.Image, name: str, width: int) -> None:
    picture = picture.convert("RGB")
    picture = picture.resize((width, round(picture.height * width / picture.width)), Image.LANCZOS)
    picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(TARGET / name, optimize=True)


def main() -> None:
    out = Path(sys.argv[1])
    TARGET.mkdir(parents=True, exist_ok=True)
    for dose in ("0dpa", "0p1dpa", "0p5dpa"):
        overlay = Image.open(out / f"lfo_sto_{dose}" / "series" / "overlay.png")
        save(overlay.crop((0, 0, overlay.height, overlay.height)), f"series_{dose}.png", 420)   # the micrographs are square: without the legend
    example = out / "lfo_sto_0p1dpa"
    save(Image.open(example / "similarity.png"), "similarity.png", 420)
    save(Image.open(example / "mean" / "graph.png"), "graph.png", 420)
    page = (out / "series.html").read_text()
    style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    charts = re.findall(r"<svg class=\"chart\".*?</svg>", page, re.S)[:2]
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "chart.html"
        html.write_text(f"<!doctype html><style>{style} body {{ display: flex; width: 800px }}</style>" + "".join(f"<div style='width:400px'>{chart}</div>" for chart in charts))
        shot = Path(folder) / "chart.png"
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile", "--force-device-scale-factor=2",
                        "--window-size=800,300", f"--screenshot={shot}", html.as_uri()], check=True, capture_output=True)
        save(Image.open(shot), "trend.png", 1000)


if __name__ == "__main__":
    main()
