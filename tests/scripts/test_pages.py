#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html and series.html in a real browser: nothing is complained of, every picture is one, names stay text, the maps can be pointed at
and switched, and without JavaScript nothing is missing.

Skipped where there is no Chromium (Debian: apt-get install chromium; 290 MB installed without its libraries, so it is not among the packages that
the tests install). METAMICT_SCREENSHOTS=FOLDER keeps the screenshots, and the pages as printed, to look at.
"""
import base64
import csv
import io
import json
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

import browser

PROGRAM = os.environ.get("METAMICT", "build/release/metamict")
EVIL = "film <img src=x onerror=alert(1)> & 'b\".npy"
WIDE, PHONE = (1280, 900), (390, 800)


def film(amorphous: int, seed: int) -> np.ndarray:
    """Columns every 8 px; no lattice in the upper rows; a bright cap above, a darker substrate below."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:192, 0:192]
    lattice = 1 + 0.4 * np.cos(2 * np.pi * x / 8) + 0.4 * np.cos(2 * np.pi * y / 8)
    grey = np.where(y < 48, 250, np.where(y < 48 + amorphous, 75, np.where(y < 130, 100 * lattice, 50 * lattice)))
    return rng.poisson(grey).astype(np.float32)


class Pictures(HTMLParser):
    def __init__(self, page: str):
        super().__init__()
        self.addresses = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if tag in ("img", "image") and name in ("src", "href")]


@unittest.skipUnless(browser.PROGRAM, "no Chromium is installed")
class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp())
        cls.keep = Path(os.environ.get("METAMICT_SCREENSHOTS", cls.folder))
        for name, amorphous, seed in (("pristine.npy", 0, 1), (EVIL, 40, 2)):
            with open(cls.folder / name, "wb") as file:
                np.save(file, film(amorphous, seed))
        cls.out = cls.folder / "out"
        subprocess.run([PROGRAM, "series", f"{cls.folder / 'pristine.npy'}=0", f"{cls.folder / EVIL}=0.1", "--output", cls.out, "--stride", "12",
                        "--cut", "mean,nested", "--runs", "2", "--threads", "2", "--pixel-size", "0.05nm", "--quiet"], check=True)
        cls.pages = {"series": cls.out / "series.html", "report": cls.out / Path(EVIL).stem / "report.html"}
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    def test_no_console_message_and_a_screenshot_at_both_widths(self):
        for name, page in self.pages.items():
            for size in (WIDE, PHONE):
                self.browser.open(page, *size)
                self.assertEqual(self.browser.said, [])
                self.assertEqual([one for one in self.browser.asked if not one.startswith(("file:", "data:"))], [])
                self.assertEqual(self.browser.evaluate("document.documentElement.scrollWidth"), size[0], "nothing reaches beyond the window")
                shot = self.keep / f"{name}_{size[0]}.png"
                self.browser.screenshot(shot)
                self.assertGreater(np.asarray(Image.open(shot).convert("L")).std(), 20, "the page is not blank")
            self.browser.print_pdf(self.keep / f"{name}.pdf")

    def test_names_full_of_markup_stay_text(self):
        for page in self.pages.values():
            self.browser.open(page, *WIDE)
            self.assertIn(EVIL, self.browser.evaluate("document.body.innerText"))
            handlers = self.browser.evaluate("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on'))")
            self.assertEqual(handlers, [])
            self.assertEqual(self.browser.evaluate("document.scripts.length"), 1)

    def test_the_policy_lets_no_other_script_run(self):
        for page in self.pages.values():
            self.browser.open(page, *WIDE)
            self.browser.evaluate("const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s)")
            self.assertIsNone(self.browser.evaluate("window.ran"))
            self.assertTrue(any("Content Security Policy" in one for one in self.browser.said))

    def test_every_picture_is_in_the_page_and_whole(self):
        for page in self.pages.values():
            text = page.read_text()
            pictures = Pictures(text).addresses
            self.assertGreaterEqual(len(pictures), 3)
            for picture in pictures:
                self.assertTrue(picture.startswith("data:image/png;base64,"))
                Image.open(io.BytesIO(base64.b64decode(picture.split(",", 1)[1], validate=True))).load()
            self.assertFalse(re.findall(r"https?://(?!www\.w3\.org)", text), "nothing is asked of a network")
            self.browser.open(page, *WIDE)
            self.assertTrue(self.browser.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)"))

    def outlines(self, panel: int) -> list:
        """Of the panel's regions, as they are drawn."""
        return self.browser.evaluate(f"[...document.querySelectorAll('svg[data-rule]')[{panel}].querySelectorAll('.regions path')].map(p => p.getAttribute('d'))")

    def test_the_first_map_shows_the_rule_that_is_chosen(self):
        self.browser.open(self.pages["report"], *WIDE)
        names = self.browser.evaluate("[...document.querySelectorAll('.switch button')].map(b => b.textContent)")
        self.assertEqual(names, ["mean", "nested"])
        maps = {name: self.outlines(1 + i) for i, name in enumerate(names)}
        self.assertNotEqual(maps["mean"], maps["nested"], "or the test could not fail")
        for name in names:
            button = f".switch button:nth-child({1 + names.index(name)})"
            self.browser.mouse(*self.browser.middle(button), click=True)
            self.assertEqual(self.outlines(0), maps[name])
            self.assertEqual(self.browser.evaluate("document.querySelector('figcaption .rule').textContent"), name)
            self.assertEqual(self.browser.evaluate("[...document.querySelectorAll('.switch [aria-pressed=true]')].map(b => b.textContent)"), [name])
        self.assertEqual(self.browser.said, [])

    def test_pointing_tells_region_order_and_stability(self):
        folder = self.pages["report"].parent
        primary = json.loads((folder / "report.json").read_text())["primary"]
        with open(folder / "chips.csv", newline="") as file:
            chips = list(csv.DictReader(file))
        self.browser.open(self.pages["report"], *WIDE)
        for panel in range(3):   # the micrograph, the regions, the order
            self.browser.mouse(*self.browser.middle(f".maps figure:nth-child({1 + panel}) svg.panel"))
            tip = self.browser.evaluate("document.querySelector('.tip').textContent")
            chip = min(chips, key=lambda one: (float(one["x_px"]) - 95.5) ** 2 + (float(one["y_px"]) - 95.5) ** 2)
            found = re.fullmatch(r"region (\d+): [\d.]+ % of the area, order [\d.]+\nhere: order ([\d.]+), stability ([\d.]+)", tip)
            self.assertTrue(found, tip)
            self.assertEqual(int(found[1]), np.asarray(Image.open(folder / primary / "labels.tif"))[96, 96])
            self.assertAlmostEqual(float(found[2]), float(chip["order"]), delta=0.011)
            self.assertAlmostEqual(float(found[3]), float(chip[f"{primary}_stability"]), delta=0.011)
        self.browser.mouse(*self.browser.middle("h1"))
        self.assertTrue(self.browser.evaluate("document.querySelector('.tip').hidden"))
        self.browser.open(self.pages["series"], *WIDE)
        self.browser.mouse(*self.browser.middle(".maps figure:nth-child(2) svg.panel"))
        self.assertRegex(self.browser.evaluate("document.querySelector('.tip').textContent"), r"^(cap|ordered film|amorphous film|partly ordered film|substrate|region \d+): ")

    def test_without_javascript_nothing_is_missing(self):
        for name, page in self.pages.items():
            self.browser.open(page, *WIDE)
            panels = self.browser.evaluate("document.querySelectorAll('svg.panel, img, table').length")
            self.browser.open(page, *WIDE, script=False)
            self.assertEqual(self.browser.evaluate("document.querySelectorAll('svg.panel, img, table').length"), panels)
            self.assertEqual(self.browser.evaluate("document.querySelectorAll('.switch, .tip').length"), 0)
            self.assertGreater(self.browser.evaluate("document.querySelectorAll('.regions title').length"), 0, "the browser's own tips")
            self.assertEqual(self.browser.said, [])


if __name__ == "__main__":
    unittest.main()
