#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html and series.html in a real browser: nothing is complained of, every picture is one, names stay text.

Skipped where there is no Chromium (Debian: apt-get install chromium; 290 MB installed without its libraries, so it is not among the packages that
the tests install). METAMICT_SCREENSHOTS=FOLDER keeps the screenshots to look at.
"""
import base64
import io
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image

PROGRAM = os.environ.get("METAMICT", "build/release/metamict")
BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
EVIL = "film <img src=x onerror=alert(1)> & 'b\".npy"


def film(amorphous: int, seed: int) -> np.ndarray:
    """Columns every 8 px; no lattice in the upper rows; a bright cap above, a darker substrate below."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:192, 0:192]
    lattice = 1 + 0.4 * np.cos(2 * np.pi * x / 8) + 0.4 * np.cos(2 * np.pi * y / 8)
    grey = np.where(y < 48, 250, np.where(y < 48 + amorphous, 75, np.where(y < 130, 100 * lattice, 50 * lattice)))
    return rng.poisson(grey).astype(np.float32)


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.attributes, self.tags, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_data(self, data):
        self.text += data


@unittest.skipUnless(BROWSER, "no Chromium is installed")
class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp())
        for name, amorphous, seed in (("pristine.npy", 0, 1), (EVIL, 40, 2)):
            with open(cls.folder / name, "wb") as file:
                np.save(file, film(amorphous, seed))
        cls.out = cls.folder / "out"
        subprocess.run([PROGRAM, "series", f"{cls.folder / 'pristine.npy'}=0", f"{cls.folder / EVIL}=0.1", "--output", cls.out, "--stride", "12",
                        "--cut", "mean,nested", "--runs", "2", "--threads", "2", "--pixel-size", "0.05nm", "--quiet"], check=True)
        cls.pages = {"series": cls.out / "series.html", "report": cls.out / Path(EVIL).stem / "report.html"}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def browse(self, page: Path, *arguments: str) -> subprocess.CompletedProcess:
        plain = self.folder / "page.html"   # the folder's own name would have to be written as an address
        shutil.copy(page, plain)
        with tempfile.TemporaryDirectory() as profile:
            return subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
                                   "--enable-logging=stderr", "--virtual-time-budget=2000", *arguments, plain.as_uri()], capture_output=True, text=True, timeout=120)

    def test_no_console_message_and_a_screenshot_at_both_widths(self):
        keep = os.environ.get("METAMICT_SCREENSHOTS")
        for name, page in self.pages.items():
            for width, height in ((1280, 2600), (500, 5000)):
                shot = Path(keep or self.folder) / f"{name}_{width}.png"
                ran = self.browse(page, f"--window-size={width},{height}", f"--screenshot={shot}")
                self.assertNotIn("CONSOLE", ran.stderr, ran.stderr)
                picture = np.asarray(Image.open(shot).convert("RGB"))
                self.assertEqual(picture.shape[1], width)
                self.assertGreater(picture.std(), 20, "the page is not blank")

    def test_names_full_of_markup_stay_text(self):
        for page in self.pages.values():
            elements = Elements()
            elements.feed(self.browse(page, "--dump-dom").stdout)
            self.assertIn(EVIL, elements.text)
            self.assertFalse([one for one in elements.attributes if one[1].startswith("on")])
            self.assertNotIn("script", elements.tags)

    def test_every_picture_is_in_the_page_and_whole(self):
        for page in self.pages.values():
            elements = Elements()
            elements.feed(page.read_text())
            pictures = [value for tag, name, value in elements.attributes if tag in ("img", "image") and name in ("src", "href")]
            self.assertGreaterEqual(len(pictures), 3)
            for picture in pictures:
                self.assertTrue(picture.startswith("data:image/png;base64,"))
                Image.open(io.BytesIO(base64.b64decode(picture.split(",", 1)[1], validate=True))).load()
            self.assertFalse(re.findall(r"https?://(?!www\.w3\.org)", page.read_text()), "nothing is asked of a network")


if __name__ == "__main__":
    unittest.main()
