#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spectrum images as a second witness: how they are read, what they change, and their numbers against numpy's. The program runs with the
fake encoder."""
import gzip
import unittest

import h5py
import numpy

from map_runs import MapRuns, crystal

CHANNELS = 120


def spectra_of_two():
    """The spectra of two materials that differ in one line of three: [2, CHANNELS], each of sum 1."""
    channel = numpy.arange(CHANNELS)

    def line(at):
        return numpy.exp(-0.5 * ((channel - at) / 3) ** 2) / (3 * (2 * numpy.pi) ** 0.5)

    background = numpy.exp(-channel / 50)
    common = 0.5 * background / background.sum() + 0.3 * line(20) + 0.05 * line(100)
    return numpy.array([common + 0.15 * line(60), common + 0.15 * line(75)])


def cube(counts, coarse=1, seed=0, alike=False, rows=96, cols=96):
    """uint16 [H, W, CHANNELS]: the first material left of column 48, Poisson counts, `counts` a pixel of the image in the mean."""
    left = (numpy.arange(cols) < cols // 2) | alike
    mean = numpy.where(left[None, :, None], *spectra_of_two()) * numpy.ones((rows, 1, 1)) * counts
    mean = mean.reshape(rows // coarse, coarse, cols // coarse, coarse, CHANNELS).sum((1, 3))
    return numpy.random.default_rng(seed).poisson(mean).astype("u2")


def write_hspy(path, values, scale=0.1, chunks=True):
    with h5py.File(path, "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        group = file.create_group("Experiments/EDS")
        group.create_dataset("data", data=values, chunks=chunks, compression="gzip" if chunks else None)
        for i, (name, step, offset, units) in enumerate((("y", scale, 0.0, "nm"), ("x", scale, 0.0, "nm"), ("Energy", 0.05, -0.1, "keV"))):
            group.create_group(f"axis-{i}").attrs.update({"name": name, "scale": step, "offset": offset, "size": values.shape[i], "units": units, "navigate": i < 2})


def write_ncem(path, values, scale=0.1):
    """Energy first, as Gatan's files are exported."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"version_major": 0, "version_minor": 2})
        group = file.create_group("data/SI")
        group.attrs["emd_group_type"] = 1
        group["data"] = values.transpose(2, 0, 1)
        for i, (name, units, points) in enumerate((("E", "keV", 0.05 * numpy.arange(values.shape[2]) - 0.1), ("y", "[n_m]", scale * numpy.arange(values.shape[0])),
                                                   ("x", "[n_m]", scale * numpy.arange(values.shape[1])))):
            dim = group.create_dataset(f"dim{i + 1}", data=points)
            dim.attrs.update({"name": name, "units": units})


class Spectra(MapRuns):
    every = (*MapRuns.every, "--cut", "nested", "--pixel-size", "0.1nm")
    apart_px = 6

    def hspy(self, values, name="si.hspy", **more):
        write_hspy(self.path / name, values, **more)
        return self.path / name

    def test_spectra_part_what_the_micrograph_does_not(self):
        self.segment("few", "--maps", self.hspy(cube(1)))
        self.assertTrue(self.halves_are_told("few"))
        self.assertEqual(list(self.report("few")["rules"]["nested"]["regions"][0]["composition"]), ["component 1"])
        self.assertTrue(any("stand out of the noise of counting: 1" in note for note in self.report("few")["notes"]))
        self.segment("image", "--maps", self.hspy(cube(1)), "--evidence", "image")
        self.assertEqual(len(self.report("image")["rules"]["nested"]["regions"]), 1)

    def test_counts_that_are_noise_are_no_evidence(self):
        self.segment("plain")
        for seed, counts in enumerate((0.1, 2, 2, 40)):
            self.segment(f"noise{seed}", "--maps", self.hspy(cube(counts, seed=seed, alike=True)))
            report = self.report(f"noise{seed}")
            self.assertEqual(report["evidence"]["maps_weight"], 0)
            self.assertTrue((self.labels(f"noise{seed}") == self.labels("plain")).all())
            if counts > 1:  # with fewer than a count a block one may stand out, and then weighs nothing
                self.assertTrue(any("no principal component that stands out" in note for note in report["notes"]))

    def test_scores_and_spectra_are_those_of_numpy(self):
        values = cube(20).astype(float)
        self.segment("out", "--maps", self.hspy(values.astype("u2")))
        rows = self.rows("out", "spectra.csv")
        self.assertEqual(list(rows[0])[:2], ["energy_keV", "image"])
        energy = numpy.array([float(row["energy_keV"]) for row in rows])
        numpy.testing.assert_allclose(energy, 0.05 * numpy.arange(CHANNELS) - 0.1, atol=1e-6)
        mean = values.sum((0, 1)) / values.sum()
        numpy.testing.assert_allclose([float(row["image"]) for row in rows], mean, rtol=1e-5, atol=1e-9)
        loading = numpy.array([float(row["loading 1"]) for row in rows])
        self.assertAlmostEqual((loading**2).sum(), 1, places=5)
        self.assertAlmostEqual((loading * mean**0.5).sum(), 0, places=5)
        # The direction in which the two materials differ, where counting makes the same noise in every channel.
        wanted = (spectra_of_two()[0] - spectra_of_two()[1]) / mean**0.5
        self.assertGreater(abs((loading * wanted).sum()) / numpy.linalg.norm(wanted), 0.995)
        found = self.labels("out")
        for region in self.report("out")["rules"]["nested"]["regions"]:
            own = values[found == region["label"]].sum(0)
            score = ((own / own.sum() - mean) / mean**0.5 * loading).sum()
            said = region["composition"]["component 1"]
            self.assertAlmostEqual(said["mean"], score, places=4)
            self.assertAlmostEqual(said["sd"], own.sum() ** -0.5, places=6)
            spectrum = numpy.array([float(row[f"region {region['label']}"]) for row in rows])
            numpy.testing.assert_allclose(spectrum, numpy.maximum(mean + mean**0.5 * score * loading, 0), rtol=1e-3, atol=1e-6)
            # Nothing but counting is left between the spectrum by its score and the counted one.
            off = (own / own.sum() - spectrum) / (spectrum / own.sum()) ** 0.5
            self.assertLess((off**2).mean(), 2)
        for chip in self.rows("out", "chips.csv")[::53]:
            x, y = round(float(chip["x_px"]) - 7.5), round(float(chip["y_px"]) - 7.5)
            own = values[y:y + 16, x:x + 16].sum((0, 1))
            self.assertAlmostEqual(float(chip["component 1_score"]), (own / own.sum() / mean**0.5 * loading).sum(), places=4)

    def test_one_cube_in_two_formats_and_any_chunks(self):
        values = cube(5)
        self.segment("chunked", "--maps", self.hspy(values, chunks=(40, 17, 50)))
        self.segment("whole", "--maps", self.hspy(values, chunks=None))
        write_ncem(self.path / "si.emd", values)
        self.segment("ncem", "--maps", self.path / "si.emd")
        wanted = self.report("whole")["rules"]["nested"]["regions"]
        for name in ("chunked", "ncem"):
            self.assertTrue((self.labels(name) == self.labels("whole")).all(), name)
            self.assertEqual([region["composition"] for region in wanted], [region["composition"] for region in self.report(name)["rules"]["nested"]["regions"]], name)
        self.assertAlmostEqual(float(self.rows("ncem", "spectra.csv")[3]["energy_keV"]), 0.05, places=5)

    def test_places_four_times_coarser_and_shares(self):
        self.segment("coarse", "--maps", self.hspy(cube(5, coarse=4), scale=0.4))
        self.assertTrue(self.halves_are_told("coarse"))
        values = cube(20).astype("f4")
        self.segment("shares", "--maps", self.hspy(values / 40))
        self.assertTrue(self.halves_are_told("shares"))
        note = next(note for note in self.report("shares")["notes"] if "no whole counts" in note)
        self.assertAlmostEqual(float(note.split("one count is ")[1].split(" ")[0]), 1 / 40, delta=0.002)

    def test_fresh_looks_take_half_of_the_channels(self):
        self.segment("looks", "--maps", self.hspy(cube(20)), "--looks", "5")
        for region in self.report("looks")["rules"]["nested"]["regions"]:
            self.assertGreaterEqual(region["confidence"], 0.8)

    def test_many_channels_are_summed(self):
        rng = numpy.random.default_rng(3)
        fine = numpy.repeat(cube(5, coarse=4), 20, axis=2)
        values = rng.binomial(fine, 0.1).astype("u2")
        self.segment("many", "--maps", self.hspy(values, scale=0.4))
        self.assertTrue(self.halves_are_told("many"))
        self.assertEqual(len(self.rows("many", "spectra.csv")), 800)
        self.assertTrue(any("2400 channels, 3 summed to one" in note for note in self.report("many")["notes"]))

    def test_what_is_refused(self):
        good = self.hspy(cube(5))
        self.assertIn("a spectrum image, which --maps takes", self.segment("image", image=good, code=3).stderr)
        packed = self.path / "si.hspy.gz"
        packed.write_bytes(gzip.compress(good.read_bytes()))
        self.assertIn("unpack it", self.segment("packed", "--maps", packed, code=3).stderr)
        values = cube(5).astype("f4")
        values[3, 4, 5] = numpy.nan
        self.assertIn("NaN", self.segment("nan", "--maps", self.hspy(values), code=3).stderr)
        self.assertIn("is empty", self.segment("empty", "--maps", self.hspy(numpy.zeros((96, 96, CHANNELS), "u2")), code=3).stderr)
        good = self.hspy(cube(5))
        self.assertIn("above the limit", self.segment("large", "--maps", good, "--max-pixels", "9000", code=3, image=self.small_image()).stderr)
        cut = self.path / "cut.hspy"
        cut.write_bytes(good.read_bytes()[:-20000])
        self.assertIn("damaged", self.segment("cut", "--maps", cut, code=3).stderr)

    def small_image(self):
        numpy.save(self.path / "small.npy", crystal(90, 90))
        return self.path / "small.npy"

    def test_values_below_0_are_counted_as_0(self):
        values = cube(20).astype("f4")
        values[5, 6, 7] = -3
        self.segment("below", "--maps", self.hspy(values))
        self.assertTrue(any("counts below 0, the lowest -3" in note for note in self.report("below")["notes"]))
        self.assertTrue(self.halves_are_told("below"))

    def test_the_page_shows_spectra(self):
        self.segment("out", "--maps", self.hspy(cube(5)))
        page = (self.path / "out/film/report.html").read_text()
        for words in ("Mean score in each component", "Spectra of the regions", "Loadings of the components", "energy (keV)"):
            self.assertIn(words, page)


if __name__ == "__main__":
    unittest.main()
