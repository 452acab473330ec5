#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Element maps as a second witness: how they are given and laid on the image, what they change, and their numbers against numpy's.
The program runs with the fake encoder."""
import subprocess
import unittest

import h5py
import numpy
import tifffile

from batch_runs import FAKE
from map_runs import MapRuns, crystal

ELEMENTS = ("La", "Fe", "Mn", "O")


def two_films(counts, coarse=1, rows=96, cols=96, seed=0, alike=False):
    """float32 [E, H, W]: Fe on the left, Mn on the right of column 48; whole counts."""
    rng = numpy.random.default_rng(seed)
    left = numpy.arange(cols) < cols // 2
    share = numpy.zeros((len(ELEMENTS), rows, cols))
    share[0], share[3] = 0.35, 0.35
    share[1] = 0.3 * left if not alike else 0.3
    share[2] = 0.3 * ~left if not alike else 0
    share = share.reshape(len(ELEMENTS), rows // coarse, coarse, cols // coarse, coarse).mean((2, 4))
    return rng.poisson(share * counts).astype("<f4")


class Composition(MapRuns):
    every = (*MapRuns.every, "--cut", "mean,nested")

    def stack(self, values, name="maps.npy"):
        numpy.save(self.path / name, values)
        return ",".join(ELEMENTS) + f"={self.path / name}"

    def test_maps_part_what_the_micrograph_does_not(self):
        maps = self.stack(two_films(5))
        self.segment("image", "--maps", maps, "--evidence", "image")
        self.assertEqual(self.report("image")["evidence"]["kind"], "image")
        self.assertEqual(len(self.report("image")["rules"]["nested"]["regions"]), 1)
        for evidence in ("both", "maps"):
            self.segment(evidence, "--maps", maps, "--evidence", evidence)
            self.assertTrue(self.halves_are_told(evidence), evidence)
            self.assertEqual(self.report(evidence)["evidence"]["kind"], evidence)
        self.segment("default", "--maps", maps)
        self.assertEqual((self.path / "default/film/nested/labels.tif").read_bytes(), (self.path / "both/film/nested/labels.tif").read_bytes())
        self.assertTrue(any("the maps weigh" in note for note in self.report("default")["notes"]))

    def test_the_paper_s_cut_uses_both(self):
        maps = self.stack(two_films(5))
        self.segment("both", "--maps", maps)
        found = self.labels("both", "mean")
        self.assertGreater((found[:, :36] != found[0, -1]).mean(), 0.95)

    def test_without_evidence_of_the_maps_the_map_is_that_of_the_image(self):
        self.segment("plain")
        maps = self.stack(two_films(5))
        self.segment("image", "--maps", maps, "--evidence", "image")
        self.segment("weightless", "--maps", maps, "--maps-weight", "0")
        for rule in ("mean", "nested"):
            self.assertEqual((self.path / "plain/film" / rule / "labels.tif").read_bytes(), (self.path / "image/film" / rule / "labels.tif").read_bytes())
        self.assertTrue((self.labels("plain", "mean") == self.labels("weightless", "mean")).all())

    def test_counts_that_are_noise_are_no_evidence(self):
        self.segment("plain")
        for seed in range(3):
            for counts in (1, 20):
                self.segment(f"noise{seed}{counts}", "--maps", self.stack(two_films(counts, seed=seed, alike=True)))
                report = self.report(f"noise{seed}{counts}")
                self.assertLess(report["evidence"]["maps_weight"], 0.05)
                self.assertTrue((self.labels(f"noise{seed}{counts}") == self.labels("plain")).all())

    def test_ten_counts_a_chip_are_no_evidence_and_a_hundred_are(self):
        self.segment("few", "--maps", self.stack(two_films(10 / 256)))
        self.assertEqual(len(self.report("few")["rules"]["nested"]["regions"]), 1)
        self.segment("some", "--maps", self.stack(two_films(100 / 256)))
        self.assertTrue(self.halves_are_told("some"))

    def test_shares_are_those_of_numpy(self):
        values = two_films(7, coarse=4)
        self.segment("out", "--maps", self.stack(values), "--maps-scale", "4px")
        found = self.labels("out")
        fine = numpy.kron(values, numpy.ones((1, 4, 4))) / 16
        for region in self.report("out")["rules"]["nested"]["regions"]:
            counts = fine[:, found == region["label"]].sum(1)
            for element, count in zip(ELEMENTS, counts):
                share = count / counts.sum()
                self.assertAlmostEqual(region["composition"][element]["mean"], share, places=5)
                self.assertAlmostEqual(region["composition"][element]["sd"], (share * (1 - share) / counts.sum()) ** 0.5, places=5)
        rows = self.rows("out", "composition.csv")
        self.assertEqual({row["element"] for row in rows}, set(ELEMENTS))
        for rule in ("mean", "nested"):
            for region in self.report("out")["rules"][rule]["regions"]:
                mine = [row for row in rows if row["rule"] == rule and int(row["region"]) == region["label"]]
                self.assertAlmostEqual(sum(float(row["mean"]) for row in mine), 1, places=6)
        chips = self.rows("out", "chips.csv")
        for chip in chips[::37]:
            x, y = round(float(chip["x_px"]) - 7.5), round(float(chip["y_px"]) - 7.5)
            counts = fine[:, y:y + 16, x:x + 16].sum((1, 2))
            self.assertAlmostEqual(float(chip["Fe_share"]), counts[1] / counts.sum(), places=5)

    def test_the_profile_runs_across_the_border(self):
        self.segment("out", "--maps", self.stack(two_films(20)), "--pixel-size", "0.1nm")
        rows = [row for row in self.rows("out", "composition_profile.csv") if row["element"] == "Fe"]
        self.assertEqual({float(row["direction_deg"]) for row in rows}, {0.0})
        for row in rows:
            self.assertAlmostEqual(float(row["position_nm"]), 0.1 * float(row["position_px"]), places=6)
            if abs(float(row["position_px"]) - 48) > 8:
                self.assertAlmostEqual(float(row["mean"]), 0.3 if float(row["position_px"]) < 48 else 0, delta=5 * float(row["sd"]) + 1e-9)

    def test_ways_to_give_maps(self):
        values = two_films(5)
        for element, map_ in zip(ELEMENTS, values):
            tifffile.imwrite(self.path / f"{element}.tif", map_.astype("uint16"))
        tifffile.imwrite(self.path / "stack.tif", values.astype("uint16"), photometric="minisblack")
        with h5py.File(self.path / "stack.hspy", "w") as file:
            file.attrs["file_format"] = "HyperSpy"
            group = file.create_group("Experiments/EDS")
            group["data"] = values
            for i, (name, scale) in enumerate((("element", 1.0), ("y", 0.1), ("x", 0.1))):
                axis = group.create_group(f"axis-{i}")
                axis.attrs.update({"name": name, "scale": scale, "offset": 0.0, "size": values.shape[i], "units": "nm" if i else "", "navigate": i == 0})
            group.create_dataset("metadata/Sample/_list_elements", data=numpy.array(ELEMENTS, dtype=object), dtype=h5py.string_dtype())
        with h5py.File(self.path / "lines.hspy", "w") as file:
            file.attrs["file_format"] = "HyperSpy"
            for element, map_ in zip(ELEMENTS, values):
                group = file.create_group(f"Experiments/{element}_Ka")
                group["data"] = map_
                for i in range(2):
                    group.create_group(f"axis-{i}").attrs.update({"name": "yx"[i], "scale": 0.1, "offset": 0.0, "size": 96, "units": "nm", "navigate": False})
        self.segment("reference", "--maps", self.stack(values))
        wanted = self.report("reference")["rules"]["nested"]["regions"]
        ways = {"files": ",".join(f"{e}={self.path / e}.tif" for e in ELEMENTS), "tiff": ",".join(ELEMENTS) + f"={self.path / 'stack.tif'}",
                "hspy": self.path / "stack.hspy", "lines": self.path / "lines.hspy"}
        for name, maps in ways.items():
            with self.subTest(name):
                self.segment(name, "--maps", maps, "--pixel-size", "0.1nm")
                for region, other in zip(wanted, self.report(name)["rules"]["nested"]["regions"]):
                    self.assertEqual(region["composition"], other["composition"])
        self.segment("unnamed", "--maps", self.path / "stack.tif")
        self.assertIn("map1", self.report("unnamed")["rules"]["nested"]["regions"][0]["composition"])
        self.assertTrue(any("have no names" in note for note in self.report("unnamed")["notes"]))

    def test_atomic_percent_is_like_counts(self):
        counts = two_films(20)
        percent = 100 * counts / counts.sum(0)
        self.segment("percent", "--maps", self.stack(percent.astype("<f4")))
        self.assertTrue(self.halves_are_told("percent"))
        self.assertTrue(any("no whole counts" in note for note in self.report("percent")["notes"]))
        fe = max(region["composition"]["Fe"]["mean"] for region in self.report("percent")["rules"]["nested"]["regions"])
        self.assertAlmostEqual(fe, 0.3, delta=0.02)

    def test_where_the_maps_lie(self):
        values = two_films(20, coarse=4)
        part = values[:, 4:20, 6:22]  # rows 16 to 80, columns 24 to 88 of the image
        self.assertIn("--maps-offset", self.segment("no", "--maps", self.stack(part), "--maps-scale", "4px", code=3).stderr)
        self.assertIn("size of their pixels is not known", self.segment("no2", "--maps", self.stack(part), code=3).stderr)
        self.segment("px", "--maps", self.stack(part), "--maps-scale", "4px", "--maps-offset", "24px,16px")
        self.segment("nm", "--maps", self.stack(part), "--maps-scale", "0.4nm", "--maps-offset", "2.4nm,1.6nm", "--pixel-size", "0.1nm")
        self.assertTrue((self.labels("px") == self.labels("nm")).all())
        self.assertTrue(self.halves_are_told("px"))
        self.assertTrue(any("cover 44 % of the image" in note for note in self.report("px")["notes"]), self.report("px")["notes"])
        chips = self.rows("px", "chips.csv")
        outside = [chip for chip in chips if float(chip["x_px"]) < 15]
        self.assertTrue(outside and all(float(chip["Fe_share"]) == 0 for chip in outside))
        # Offsets of the axes in two files say it too.
        for name, data, scale, offset in (("film.hspy", crystal(), 0.1, (5.0, 7.0)), ("part.hspy", part, 0.4, (6.6, 9.4))):
            with h5py.File(self.path / name, "w") as file:
                file.attrs["file_format"] = "HyperSpy"
                group = file.create_group("Experiments/x")
                group["data"] = data
                first = data.ndim - 2
                if first:
                    group.create_group("axis-0").attrs.update({"name": "e", "scale": 1.0, "offset": 0.0, "size": 4, "units": "", "navigate": True})
                for i in range(2):
                    group.create_group(f"axis-{first + i}").attrs.update(
                        {"name": "yx"[i], "scale": scale, "offset": offset[i], "size": data.shape[first + i], "units": "nm", "navigate": False})
        self.segment("axes", "--maps", ",".join(ELEMENTS) + f"={self.path / 'part.hspy'}", image=self.path / "film.hspy")
        self.assertTrue(self.halves_are_told("axes"))

    def test_crop_and_manifest(self):
        self.stack(two_films(5))
        (self.path / "list.csv").write_text('image,crop,maps\nfilm.npy,"16,0,64,96","La,Fe,Mn,O=maps.npy"\n')
        ran = subprocess.run([str(part) for part in (FAKE, "segment", "--manifest", self.path / "list.csv", "--output", self.path / "out", *self.every)],
                             env=self.place.environment(), capture_output=True, text=True, timeout=240)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        found = self.labels("out")
        self.assertTrue((found[:, :16] == 0).all() and (found[:, 80:] == 0).all())
        self.assertGreater((found[:, 16:44] == found[0, 16]).mean(), 0.97)
        self.assertGreater((found[:, 52:80] == found[0, 79]).mean(), 0.97)
        self.assertNotEqual(found[0, 16], found[0, 79])

    def test_fresh_looks_turn_the_maps_too(self):
        self.segment("looks", "--maps", self.stack(two_films(20)), "--looks", "5")
        for region in self.report("looks")["rules"]["nested"]["regions"]:
            self.assertGreaterEqual(region["confidence"], 0.8)

    def test_what_is_refused(self):
        good = self.stack(two_films(5))
        cases = (("asks for element maps", ("--evidence", "both"), 3), ("image, maps or both", ("--maps", good, "--evidence", "eds"), 2),
                 ("[0, 1]", ("--maps", good, "--maps-weight", "2"), 2), ("names 2 elements", ("--maps", f"La,Fe={self.path / 'maps.npy'}"), 2),
                 ("there is no such file", ("--maps", "La=nowhere.tif,Fe=nowhere.tif"), 3), ("names no file for Fe", ("--maps", "La=a.tif,Fe"), 2),
                 ("at least two", ("--maps", f"La={self.image}"), 3), ("has two maps", ("--maps", f"La={self.image},La={self.image}"), 3),
                 ("lie beside the image", ("--maps", good, "--maps-scale", "1px", "--maps-offset", "500px,0px"), 3),
                 ("must be X,Y", ("--maps", good, "--maps-offset", "5px"), 2))
        for words, options, code in cases:
            with self.subTest(words):
                self.assertIn(words, self.segment("refused", *options, code=code).stderr)
        values = two_films(5)
        values[1, 3, 4] = numpy.nan
        self.assertIn("NaN", self.segment("nan", "--maps", self.stack(values), code=3).stderr)

    def test_maps_of_one_image_are_not_those_of_several(self):
        numpy.save(self.path / "other.npy", crystal(seed=1))
        self.assertIn("belongs to one image", self.segment("two", self.path / "other.npy", "--maps", self.stack(two_films(5)), code=2).stderr)

    def test_the_page_shows_both_witnesses(self):
        self.segment("out", "--maps", self.stack(two_films(5)))
        page = (self.path / "out/film/report.html").read_text()
        for words in ("What each witness says alone", "Where they disagree", "Share of the counts"):
            self.assertIn(words, page)
        self.segment("plain")
        self.assertNotIn("Composition", (self.path / "plain/film/report.html").read_text())


if __name__ == "__main__":
    unittest.main()
