#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around one segmentation: tables of images, shards and their gathering, a series from finished images, comparison of results,
crop and mask, names, overviews, dry runs. The program runs with the fake encoder."""
import csv
import io
import json
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as xml

import numpy
from PIL import Image

import batch_runs
from batch_runs import FAKE, Place

EVERY = ("--chip-size", "16", "--stride", "8", "--threads", "1", "--graphml", "none", "--looks", "0")


def said(place, *arguments, code=0, **environment):
    ran = subprocess.run([str(part) for part in (FAKE, *arguments)], env=place.environment(**environment), capture_output=True, text=True,
                         errors="replace", timeout=240)
    if ran.returncode != code:
        raise AssertionError(f"{arguments}: exit {ran.returncode}, not {code}\n{ran.stdout}\n{ran.stderr}")
    return ran


def film(path, amorphous_rows=0, seed=0, rows=96, cols=96, fault=False):
    """Cap above, crystal of one period below, glass of some rows between."""
    rng = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:rows, 0:cols]
    image = 30 * (2 + numpy.cos(numpy.pi * x / 4) * (y >= 24 + amorphous_rows) + numpy.cos(numpy.pi * y / 4) * (y >= 24 + amorphous_rows))
    image[:24] = 120
    if fault:
        image[48:, 48:] = 15
    numpy.save(path, rng.poisson(image).astype("<f4"))


def labels(path):
    return numpy.array(Image.open(path))


class Tools(unittest.TestCase):
    def setUp(self):
        self.place = Place().__enter__()
        self.path = self.place.path
        (self.path / "in").mkdir()

    def tearDown(self):
        self.place.__exit__()

    def segment(self, output, *images, more=(), code=0, **environment):
        return said(self.place, "segment", *images, "--output", self.path / output, *EVERY, *more, code=code, **environment)

    def images(self, count):
        paths = []
        for i in range(count):
            paths.append(self.path / "in" / f"film{i}.npy")
            film(paths[-1], seed=i, rows=64 + 16 * (i % 3))
        return paths


class Manifests(Tools):
    def test_columns_hold_for_their_image_only(self):
        for folder in ("0dpa", "1dpa"):
            (self.path / "in" / folder).mkdir()
            film(self.path / "in" / folder / "HAADF.npy", seed=len(folder))
        mask = numpy.full((96, 96), 255, numpy.uint8)
        mask[80:, :30] = 0
        Image.fromarray(mask).save(self.path / "in" / "mask.png")
        (self.path / "in" / "list.csv").write_text("# a comment\nImage ;NAME;pixel_size;crop;mask\n\n0dpa/HAADF.npy;zero;0,02nm;;\n"
                                                   "1dpa/HAADF.npy;one;;0 16 64 64;\n1dpa/HAADF.npy;masked;;;mask.png\n")
        self.segment("out", more=("--manifest", self.path / "in" / "list.csv"))
        report = {name: json.loads((self.path / "out" / name / "report.json").read_text()) for name in ("zero", "one", "masked")}
        self.assertEqual(report["zero"]["image"]["nm_per_pixel"], 0.02)
        self.assertIsNone(report["one"]["image"]["nm_per_pixel"])
        cropped = labels(self.path / "out" / "one" / "nested" / "labels.tif")
        self.assertEqual(cropped.shape, (96, 96))
        outside = numpy.ones((96, 96), bool)
        outside[16:80, 0:64] = False
        self.assertTrue((cropped[outside] == 0).all() and (cropped[~outside] > 0).any())
        rows = list(csv.DictReader(io.StringIO((self.path / "out" / "one" / "chips.csv").read_text())))
        self.assertEqual(min(float(row["y_px"]) for row in rows), 16 + 7.5, "places are those in the whole image")
        for region in report["one"]["rules"]["nested"]["regions"]:
            where = numpy.argwhere(cropped == region["label"]).mean(axis=0)
            self.assertAlmostEqual(region["centroid_px"]["y"], where[0], places=6)
            self.assertAlmostEqual(region["centroid_px"]["x"], where[1], places=6)
        masked = labels(self.path / "out" / "masked" / "nested" / "labels.tif")
        self.assertTrue((masked[80:, :30] == 0).all())
        self.assertTrue(any("touch what the mask hides" in note for note in report["masked"]["notes"]))
        self.assertIn('crop = "0,16,64,64"', (self.path / "out" / "one" / "run.toml").read_text())
        self.assertNotIn("crop", (self.path / "out" / "zero" / "run.toml").read_text())
        again = self.segment("out", more=("--manifest", self.path / "in" / "list.csv", "--resume"))
        self.assertEqual(again.stderr.count("finished before"), 3)
        mask[:, :] = 255
        mask[0, 0] = 0
        Image.fromarray(mask).save(self.path / "in" / "mask.png")  # another mask under the same name
        again = self.segment("out", more=("--manifest", self.path / "in" / "list.csv", "--resume"))
        self.assertEqual(again.stderr.count("finished before"), 2)

    def test_the_line_that_repeats_an_image_gives_its_bytes(self):
        film(self.path / "in" / "a.npy")
        self.segment("out", self.path / "in" / "a.npy", more=("--crop", "8,8,80,80", "--cut", "mean,kmeans:3"))
        said(self.place, "segment", "--config", self.path / "out" / "a" / "run.toml", self.path / "in" / "a.npy", "--output", self.path / "again")
        self.assertEqual(self.place.files("out/a"), self.place.files("again/a"))

    def test_mistakes_name_their_line(self):
        film(self.path / "in" / "a.npy")
        for row, word in (("a.npy,1,2,3\n", "X,Y,W,H"), ("a.npy,0 0 500 500\n", None), (",1 1 1 1\n", "no image")):
            (self.path / "list.csv").write_text("image,crop\n" + row.replace("1,2,3", "1 2 3").replace("a.npy", "in/a.npy"))
            ran = self.segment("bad", more=("--manifest", self.path / "list.csv"), code=3 if word is None else 2)
            self.assertIn("line 2" if word else "does not lie inside the image", ran.stderr)
            if word:
                self.assertIn(word, ran.stderr)


class Overviews(Tools):
    def test_summary_and_index_tell_of_every_image_and_of_earlier_runs(self):
        first, second, third = self.images(3)
        self.segment("out", first, second)
        (self.path / "in" / "broken.npy").write_bytes(b"\x93NUMPY")
        self.segment("out", third, self.path / "in" / "broken.npy", code=1)
        rows = list(csv.DictReader(io.StringIO((self.path / "out" / "summary.csv").read_text())))
        self.assertEqual(list(rows[0]), "image rule region name area_px area_nm2 share order confidence".split())
        for path in (first, second, third):
            report = json.loads((self.path / "out" / path.stem / "report.json").read_text())
            mine = [row for row in rows if row["image"] == path.stem]
            self.assertEqual([int(row["area_px"]) for row in mine], [region["area_px"] for region in report["rules"]["nested"]["regions"]])
        run = json.loads((self.path / "out" / "run.json").read_text())
        self.assertEqual([image["stem"] for image in run["images"]], ["film2", "broken", "film0", "film1"])
        page = (self.path / "out" / "index.html").read_text()
        for word in ("film0", "film1", "film2", "broken", 'src="film0/thumbnail.png"', "film0/report.html"):
            self.assertIn(word, page)

    def test_lean_leaves_label_maps_and_the_report(self):
        path, = self.images(1)
        self.segment("out", path, more=("--outputs", "lean", "--cut", "mean,nested"))
        self.assertEqual(sorted(self.place.files("out/film0")), ["DONE.json", "mean/labels.tif", "nested/labels.tif", "report.json", "run.toml"])

    def test_trends_as_vectors(self):
        paths = self.images(2)
        for turn in range(2):
            said(self.place, "series", *(f"{path}={k}" for k, path in enumerate(paths)), "--output", self.path / f"out{turn}", *EVERY, "--figures", "svg,pdf",
                 "--pixel-size", "0.05nm")
        for name in ("trend_areas",):
            xml.parse(self.path / "out0" / f"{name}.svg")
            page = (self.path / "out0" / f"{name}.pdf").read_bytes()
            self.assertTrue(page.startswith(b"%PDF") and page.rstrip().endswith(b"%%EOF"))
            self.assertEqual(page, (self.path / "out1" / f"{name}.pdf").read_bytes(), "no time of day in the figures")

    def test_vector_figures(self):
        path, = self.images(1)
        self.segment("out", path, more=("--figures", "svg,pdf", "--cut", "nested"))
        xml.parse(self.path / "out" / "film0" / "nested" / "overlay.svg")
        self.assertTrue((self.path / "out" / "film0" / "nested" / "overlay.pdf").read_bytes().startswith(b"%PDF"))
        first = self.place.results("out")
        self.segment("out", path, more=("--figures", "svg,pdf", "--cut", "nested", "--overwrite"))
        self.assertEqual(self.place.results("out"), first, "no time of day in the figures")

    def test_dry_run_as_json(self):
        path, = self.images(1)
        plan, = json.loads(self.segment("out", path, more=("--dry-run", "--json")).stdout)
        self.assertEqual(list(plan), "path name rows cols chips graph predicted_seconds predicted_memory_bytes".split())
        self.assertEqual((plan["name"], plan["rows"], plan["cols"], plan["graph"]), ("film0", 64, 96, "exact"))
        self.assertFalse((self.path / "out").exists())


class Watching(Tools):
    def watch(self, *more, code=0):
        return said(self.place, "watch", self.path / "in", "--output", self.path / "out", *EVERY, "--once", "--settle", "0.2", *more, code=code)

    def test_subfolders_are_passed_over_with_a_word_or_watched(self):
        film(self.path / "in" / "a.npy")
        (self.path / "in" / "day1" / "deep").mkdir(parents=True)
        film(self.path / "in" / "day1" / "a.npy", seed=1)
        film(self.path / "in" / "day1" / "deep" / "b.npy", seed=2)
        self.assertIn("passed over", self.watch().stderr)
        self.assertFalse((self.path / "out" / "day1__a").exists())
        self.watch("--recursive")
        for name in ("a", "day1__a", "day1__deep__b"):
            self.assertTrue((self.path / "out" / name / "DONE.json").exists(), name)
        page = (self.path / "out" / "watch.html").read_text()
        self.assertIn("done earlier", page)
        self.assertIn('src="day1__deep__b/thumbnail_map.png"', page)
        self.assertIn("Newest:", page)
        run = json.loads((self.path / "out" / "run.json").read_text())
        self.assertEqual(sorted(image["stem"] for image in run["images"]), ["a", "day1__a", "day1__deep__b"])

    def test_a_changed_file_replaces_its_older_result(self):
        film(self.path / "in" / "a.npy")
        process = subprocess.Popen([str(part) for part in (FAKE, "watch", self.path / "in", "--output", self.path / "out", *EVERY, "--settle", "0.2")],
                                   env=self.place.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            done = self.path / "out" / "a" / "DONE.json"
            first = self.until(lambda: done.exists() and json.loads(done.read_text())["image_sha256"])
            film(self.path / "in" / "a.npy", amorphous_rows=24, seed=9)
            self.until(lambda: done.exists() and json.loads(done.read_text())["image_sha256"] != first)
        finally:
            process.terminate()
            said_so = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 143, said_so)
        self.assertNotIn("error:", said_so.replace("error: stopped", ""))

    def until(self, condition, seconds=60):
        import time
        end = time.monotonic() + seconds
        while not (value := condition()):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        return value


class Shards(Tools):
    def setUp(self):
        super().setUp()
        self.place.add_images(9)
        for i, path in enumerate(self.place.images):  # of several costs
            numpy.save(path, batch_runs.lattice(48 + 16 * (i % 4), 64, seed=i))

    def shard(self, which, *more, code=0, **environment):
        return said(self.place, *self.place.command("out", "--shard", which, *more)[1:], code=code, **environment)

    def test_shards_are_a_partition_and_give_what_one_run_gives(self):
        for k in range(1, 5):
            self.shard(f"{k}/4")
        done = [json.loads((self.path / "out" / f"run.{k}.json").read_text()) for k in range(1, 5)]
        stems = sorted(image["stem"] for record in done for image in record["images"])
        self.assertEqual(stems, [path.stem for path in self.place.images])
        said(self.place, "gather", self.path / "out", "--manifest", self.path / "manifest.txt")
        run = json.loads((self.path / "out" / "run.json").read_text())
        self.assertEqual([image["stem"] for image in run["images"]], [path.stem for path in self.place.images])
        self.assertTrue(all(image["status"] == "done" and image["outputs"] for image in run["images"]))
        self.assertEqual(self.place.run("whole").returncode, 0)
        parts = {name: value for name, value in self.place.results("out").items() if not name.startswith("run.")}
        self.assertEqual(parts, self.place.results("whole"))
        self.assertEqual(run["shards"], [{"number": k, "count": 4} for k in range(1, 5)])

    def test_what_is_missing_or_failed_is_named_and_resumed_with_another_count(self):
        self.place.images[3].write_bytes(b"\x93NUMPY\x01")
        for k in (1, 3):
            subprocess.run(self.place.command("out", "--shard", f"{k}/3"), env=self.place.environment(), capture_output=True)  # one has the bad image
        ran = said(self.place, "gather", self.path / "out", "--manifest", self.path / "manifest.txt", code=1)
        run = json.loads((self.path / "out" / "run.json").read_text())
        state = {image["stem"]: image["status"] for image in run["images"]}
        for stem, status in state.items():
            self.assertEqual(status == "done", (self.path / "out" / stem / "DONE.json").exists())
            if status != "done":
                self.assertIn(stem, ran.stderr)
        numpy.save(self.place.images[3], batch_runs.lattice(48, 64, seed=3))
        for k in (1, 2):
            self.shard(f"{k}/2", "--resume")
        said(self.place, "gather", self.path / "out", "--manifest", self.path / "manifest.txt")

    def test_slurm_and_empty_shards(self):
        self.shard("slurm", SLURM_ARRAY_TASK_ID=2, SLURM_ARRAY_TASK_COUNT=3, SLURM_ARRAY_TASK_MIN=1)
        self.assertTrue((self.path / "out" / "run.2.json").exists())
        self.assertIn("SLURM_ARRAY_TASK_ID", self.shard("slurm", code=2).stderr)
        self.shard("12/12")
        self.assertFalse((self.path / "out" / "run.12.json").exists(), "nothing to do, nothing written")
        self.assertIn("no shard 5 of 4", self.shard("5/4", code=2).stderr)

    def test_two_tasks_for_one_shard(self):
        import fcntl
        (self.path / "out").mkdir()
        with open(self.path / "out" / ".metamict.1.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("is being written by", self.shard("1/2", code=6).stderr)
            self.shard("2/2")  # another shard does not wait

    def test_nothing_to_gather(self):
        said(self.place, "gather", self.path / "nowhere", code=3)
        (self.path / "empty").mkdir()
        said(self.place, "gather", self.path / "empty", code=3)


class SeriesFromFinished(Tools):
    def setUp(self):
        super().setUp()
        for k, (folder, rows) in enumerate((("a", 0), ("b", 24))):
            (self.path / "in" / folder).mkdir()
            film(self.path / "in" / folder / "HAADF.npy", rows, seed=k)
        self.table = self.path / "in" / "series.csv"
        self.table.write_text("image\tName\tFluence (ions/nm2)\tnote\n# comment\na/HAADF.npy\tzero\t0\tx\nb/HAADF.npy\thigh\t1,5\ty\n")

    def test_same_numbers_as_in_one_go_without_an_encoder(self):
        column = ("--dose-column", "fluence (ions/nm2)")
        said(self.place, "series", self.table, "--output", self.path / "whole", *EVERY, *column)
        self.segment("parts", more=("--manifest", self.manifest()))
        shutil.rmtree(self.path / "models")
        (self.path / "models").mkdir()
        said(self.place, "series", "--from", self.path / "parts", self.table, "--output", self.path / "joined", *column)
        for name in ("series.csv", "series.json"):
            self.assertEqual((self.path / "joined" / name).read_bytes(), (self.path / "whole" / name).read_bytes(), name)
        self.assertEqual((self.path / "joined" / "high/series/labels.tif").read_bytes(), (self.path / "whole" / "high/series/labels.tif").read_bytes())
        rows = list(csv.DictReader(io.StringIO((self.path / "joined" / "series.csv").read_text())))
        self.assertEqual(list(rows[0])[:2], ["image", "Fluence (ions/nm2)"])
        self.assertEqual([row["Fluence (ions/nm2)"] for row in rows], ["0", "1.5"])
        page = (self.path / "joined" / "series.html").read_text()
        self.assertIn("fluence (ions/nm2)", page)
        self.assertNotIn("dpa", page.split("<main>")[1])

    def manifest(self):
        path = self.path / "in" / "list.csv"
        path.write_text("image,name\na/HAADF.npy,zero\nb/HAADF.npy,high\n")
        return path

    def test_what_is_not_finished_is_named(self):
        self.segment("parts", self.path / "in" / "a" / "HAADF.npy")
        ran = said(self.place, "series", "--from", self.path / "parts", self.table, "--output", self.path / "joined", "--dose-column",
                   "Fluence (ions/nm2)", code=3)
        self.assertIn("no image of the series is finished", ran.stderr)

    def test_names_of_regions_are_those_of_the_series(self):
        column = ("--dose-column", "Fluence (ions/nm2)")
        names = self.path / "names.csv"
        for word in ("Carbon", "cap"):
            names.write_text(f"label,name\n1,{word}\n")
            said(self.place, "series", self.table, "--output", self.path / "out", *EVERY, *column, "--names", names, "--overwrite")
            series = json.loads((self.path / "out" / "series.json").read_text())
            mine = [label for label in series["labels"] if label["name"] == word]
            self.assertEqual(len(mine), 1)
            for image in series["images"]:
                self.assertIn(word, [region["name"] for region in image["regions"]])
            self.assertEqual(any("those of their own names" in note for note in series["notes"]), word == "cap")

    def test_layers_said_by_hand(self):
        layers = self.path / "layers.csv"
        layers.write_text("image,x_px,y_px,layer\nhigh,48,36,ignore\n")
        column = ("--dose-column", "Fluence (ions/nm2)")
        said(self.place, "series", self.table, "--output", self.path / "out", *EVERY, *column)
        ran = said(self.place, "series", self.table, "--output", self.path / "out", *EVERY, *column, "--layers", layers, "--resume")
        self.assertEqual(ran.stderr.count("finished before"), 2)
        self.assertIn("those that --layers gives", (self.path / "out" / "series.json").read_text())
        for text, word in (("image,layer\nhigh,cap\n", "neither a column label"), ("image,x_px,y_px,layer\nhigh,4,4,glass\n", "line 2"),
                           ("image,x_px,y_px,layer\nnone,4,4,cap\n", "the series has not"), ("label,layer\n70000,cap\n", "line 2")):
            layers.write_text(text)
            ran = said(self.place, "series", self.table, "--output", self.path / "out", *EVERY, *column, "--layers", layers, "--resume", code=2)
            self.assertIn(word, ran.stderr)


class Comparison(Tools):
    def setUp(self):
        super().setUp()
        self.pair = self.images(2)
        self.segment("before", *self.pair, more=("--cut", "mean,nested"))

    def compare(self, fresh, *more, code=0):
        return said(self.place, "compare", self.path / "before", self.path / fresh, *more, code=code)

    def test_the_same_again_is_within(self):
        self.segment("after", *self.pair, more=("--cut", "mean,nested", "--seed", "7"))
        told = json.loads(self.compare("after", "--json").stdout)
        self.assertTrue(told["within"])
        self.assertEqual([image["stem"] for image in told["images"]], ["film0", "film1"])
        self.assertIn('option now: seed = "7"', " ".join(told["images"][0]["told"]))

    def holds_to_the_xunit_schema(self, root):
        """What junit-10.xsd of Jenkins' xunit plug-in asks: required attributes, allowed attributes, allowed children."""
        rules = {"testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
                 "testsuite": ({"name", "tests", "failures", "errors"},
                               {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
                               {"testsuite", "properties", "testcase", "system-out", "system-err"}),
                 "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
                 "failure": (set(), {"type", "message"}, set()), "error": (set(), {"type", "message"}, set()),
                 "system-out": (set(), set(), set()), "properties": (set(), set(), {"property"}), "property": ({"name", "value"}, set(), set())}
        self.assertEqual(root.tag, "testsuites")
        for element in root.iter():
            required, optional, children = rules[element.tag]
            self.assertLessEqual(required, set(element.keys()), element.tag)
            self.assertLessEqual(set(element.keys()), required | optional, element.tag)
            self.assertLessEqual({child.tag for child in element}, children, element.tag)
            self.assertRegex(element.get("time", "0") if element.tag != "testcase" else "0", r"^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$")

    def test_a_damaged_map_is_found_in_every_form(self):
        shutil.copytree(self.path / "before", self.path / "after")
        path = self.path / "after" / "film1" / "nested" / "labels.tif"
        damaged = labels(path)
        damaged[:, 40:70] = damaged.max() + 1
        Image.fromarray(damaged).save(path)
        ran = self.compare("after", "--junit", self.path / "junit.xml", "--html", self.path / "page.html", code=1)
        self.assertIn("film1: changed", ran.stdout)
        self.assertIn("film0: as before", ran.stdout)
        self.assertIn("rule nested: the maps agree to an ARI of", ran.stdout)
        self.holds_to_the_xunit_schema(xml.parse(self.path / "junit.xml").getroot())
        suite = xml.parse(self.path / "junit.xml").getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        self.assertEqual([case.get("name") for case in suite.findall("testcase")], ["film0", "film1"])
        self.assertIsNone(suite.findall("testcase")[0].find("failure"))
        sentences = suite.findall("testcase")[1].find("failure").text.splitlines()
        self.assertEqual(sentences, [line.strip() for line in ran.stdout.splitlines() if line.startswith("  ")])
        self.assertIn("ARI", sentences[0])
        self.assertIn("data:image/png", (self.path / "page.html").read_text())
        told = json.loads(self.compare("after", "--json", code=1).stdout)
        rule = [rule for rule in told["images"][1]["rules"] if rule["rule"] == "nested"][0]
        from sklearn.metrics import adjusted_rand_score
        before = labels(self.path / "before" / "film1" / "nested" / "labels.tif")
        self.assertAlmostEqual(rule["ari"], adjusted_rand_score(before.ravel(), damaged.ravel()), places=9)
        self.compare("after", "--min-ari", "-1", "--max-share", "1", "--max-order", "9")
        (self.path / "limits.toml").write_text('min-ari = -1\nmax-share = "1"\nmax-order = 9\n')
        self.compare("after", "--limits", self.path / "limits.toml")
        self.compare("after", "--limits", self.path / "limits.toml", "--min-ari", "0.98", code=1)

    def test_what_is_missing_counts_and_what_is_new_does_not(self):
        shutil.copytree(self.path / "before", self.path / "after")
        shutil.rmtree(self.path / "after" / "film0")
        self.assertIn("the image is missing", self.compare("after", code=1).stdout)
        said(self.place, "compare", self.path / "after", self.path / "before")
        self.segment("rules", *self.pair, more=("--cut", "nested"))
        self.assertIn("rule mean is missing", self.compare("rules", code=1).stdout)
        said(self.place, "compare", self.path / "before" / "film0", self.path / "rules" / "film0", code=1)
        said(self.place, "compare", self.path / "before", self.path / "nowhere", code=3)
        (self.path / "before" / "film0" / "report.json").write_text("{")
        self.assertIn("damaged", self.compare("rules", code=3).stderr)

    def test_evaluate_has_limits(self):
        map0, map1 = (self.path / "before" / "film0" / rule / "labels.tif" for rule in ("nested", "mean"))
        said(self.place, "evaluate", map0, map0, "--min-ari", "1", "--min-iou", "1")
        other = numpy.ones_like(labels(map0))
        other[::2] = 2
        Image.fromarray(other).save(self.path / "other.tif")
        ran = said(self.place, "evaluate", self.path / "other.tif", map0, "--min-ari", "0.5", "--json", code=1)
        self.assertIn("below 0.5", ran.stderr)
        json.loads(ran.stdout)


class Rules(Tools):
    def test_names_join_and_appear(self):
        path, = self.images(1)
        self.segment("out", path, more=("--cut", "kmeans:3"))
        before = labels(self.path / "out/film0/kmeans:3/labels.tif")
        (self.path / "names.csv").write_text("label,name\n1,crystal\n2,cap\n3,cap\n")
        self.segment("named", path, more=("--cut", "kmeans:3", "--names", self.path / "names.csv"))
        after = labels(self.path / "named/film0/kmeans:3/labels.tif")
        report = json.loads((self.path / "named/film0/report.json").read_text())
        regions = {region["name"]: region for region in report["rules"]["kmeans:3"]["regions"]}
        self.assertEqual(set(regions), {"crystal", "cap"})
        self.assertTrue(((after == regions["crystal"]["label"]) == (before == 1)).all())
        self.assertEqual(regions["cap"]["area_px"], int(numpy.isin(before, (2, 3)).sum()))
        self.assertIn(",cap,", (self.path / "named/summary.csv").read_text())
        (self.path / "names.csv").write_text("label,name\n9,cap\n")
        self.assertIn("line 2", self.segment("bad", path, more=("--names", self.path / "names.csv"), code=2).stderr)

    def test_prototypes_by_points_and_by_strokes(self):
        path, = self.images(1)
        (self.path / "points.csv").write_text("label,x_px,y_px\ncap,48,8\ncap,20,8\nfilm,48,48\nfilm,20,50\n")
        self.segment("points", path, more=("--cut", "prototypes", "--prototypes", self.path / "points.csv"))
        report = json.loads((self.path / "points/film0/report.json").read_text())
        names = {region["name"]: region["label"] for region in report["rules"]["prototypes"]["regions"]}
        self.assertEqual(set(names), {"cap", "film"})
        by_points = labels(self.path / "points/film0/prototypes/labels.tif")
        self.assertGreater((by_points[:20] == names["cap"]).mean(), 0.95)
        self.assertGreater((by_points[30:] == names["film"]).mean(), 0.95)
        strokes = numpy.zeros((64, 96), numpy.uint8)
        strokes[8, 10:80] = 1
        strokes[48, 10:80] = 2
        Image.fromarray(strokes).save(self.path / "strokes.png")
        self.segment("strokes", path, more=("--cut", "prototypes", "--prototypes", self.path / "strokes.png"))
        by_strokes = labels(self.path / "strokes/film0/prototypes/labels.tif")
        self.assertGreater((by_strokes == by_points).mean(), 0.95)
        self.assertIn("prototypes_margin", (self.path / "points/film0/chips.csv").read_text().splitlines()[0])
        self.assertIn("needs --prototypes", self.segment("none", path, more=("--cut", "prototypes"), code=2).stderr)

    def test_looks_that_mirror_the_image_mirror_the_prototypes(self):
        path, = self.images(1)
        (self.path / "points.csv").write_text("label,x_px,y_px\ncap,48,8\ncap,20,8\nfilm,48,34\nfilm,20,32\n")
        strokes = numpy.zeros((64, 96), numpy.uint8)
        strokes[4:14, 10:80] = 1
        strokes[28:38, 10:80] = 2  # film too where the image is turned half round
        Image.fromarray(strokes).save(self.path / "strokes.png")
        for name, more in (("points.csv", ()), ("strokes.png", ()), ("points.csv", ("--crop", "4,2,90,60")), ("strokes.png", ("--crop", "4,2,90,60"))):
            with self.subTest(name, more=more):
                said(self.place, "segment", path, "--output", self.path / "looks", "--chip-size", "16", "--stride", "4", "--threads", "1", "--graphml", "none", "--overwrite",
                     "--cut", "prototypes", "--prototypes", self.path / name, "--looks", "5", *more)
                report = json.loads((self.path / "looks/film0/report.json").read_text())
                self.assertIn("turned half round", report["looks"]["kinds"])
                self.assertEqual([region["confidence"] for region in report["rules"]["prototypes"]["regions"]], [1, 1])

    def test_prototypes_of_other_images(self):
        shown, unseen = self.images(2)
        points = self.path / "points.csv"
        rule = ("--cut", "prototypes", "--prototypes", points)
        points.write_text("label,x_px,y_px,image\ncap,48,8,film0\ncap,20,8,film0\nfilm,48,48,film0\nfilm,20,50,film0\n")
        self.segment("other", unseen, more=rule)
        report = json.loads((self.path / "other/film1/report.json").read_text())
        names = {region["name"]: region["label"] for region in report["rules"]["prototypes"]["regions"]}
        self.assertEqual(set(names), {"cap", "film"})
        by_other = labels(self.path / "other/film1/prototypes/labels.tif")
        self.assertGreater((by_other[:20] == names["cap"]).mean(), 0.9)
        self.assertGreater((by_other[30:] == names["film"]).mean(), 0.9)
        # The image that the points lie in has the same classes whether it is named by its stem, its name or its path.
        maps = []
        for k, name in enumerate(("film0", shown.name, "")):
            points.write_text(points.read_text().replace("film0", name) if k else points.read_text())
            self.segment(f"own{k}", shown, more=rule)
            maps.append(labels(self.path / f"own{k}/film0/prototypes/labels.tif"))
            points.write_text("label,x_px,y_px,image\ncap,48,8,film0\ncap,20,8,film0\nfilm,48,48,film0\nfilm,20,50,film0\n")
        self.assertTrue((maps[0] == maps[1]).all() and (maps[0] == maps[2]).all())
        points.write_text("label,x_px,y_px,image\ncap,48,8,film7\nfilm,48,48,\n")
        failed = self.segment("missing", unseen, more=rule, code=3)
        self.assertIn("line 2: there is no image film7", failed.stderr)

    def test_a_scale_bar_is_noticed_and_hidden(self):
        path, = self.images(1)
        rng = numpy.random.default_rng(5)
        image = numpy.load(path)
        barred, other = image.copy(), image.copy()
        barred[56:58, 70:90] = 900
        barred[50:54, 76:84][rng.random((4, 8)) < 0.6] = 900  # its words
        other[44:64, 64:96] = 0
        numpy.save(self.path / "in/barred.npy", barred)
        numpy.save(self.path / "in/other.npy", other)
        said = self.segment("bar", self.path / "in/barred.npy").stderr
        self.assertIn("a scale bar is burned into the image", said)
        hide = said.split("--hide ")[1].split()[0]
        x, y, width, height = map(int, hide.split(","))
        hidden = numpy.zeros(barred.shape, bool)
        hidden[y:y + height, x:x + width] = True
        self.assertTrue(hidden[barred == 900].all())
        self.assertLess(hidden.sum(), 20 * 32)
        wide = f"64,44,32,20;{hide}"
        found = []
        for name in ("barred", "other", "film0"):
            said = self.segment("hidden", self.path / f"in/{name}.npy", more=("--hide", wide, "--overwrite")).stderr
            self.assertNotIn("a scale bar", said)
            found.append(labels(self.path / f"hidden/{name}/nested/labels.tif"))
        self.assertTrue((found[0] == found[1]).all() and (found[0] == found[2]).all())
        self.assertTrue((found[0][44:64, 64:96] == 0).all() and (found[0][:40] > 0).all())
        self.assertNotIn("a scale bar", self.segment("plain", path, more=("--overwrite",)).stderr)
        self.assertIn("does not lie inside", self.segment("away", path, more=("--hide", "500,0,5,5"), code=3).stderr)
        self.assertIn("must be X,Y,W,H", self.segment("odd", path, more=("--hide", "1,2,3"), code=2).stderr)

    def test_clusterings_tell_cap_from_film(self):
        path, = self.images(1)
        rules = ("kmeans:2", "kmeans:auto", "spectral:2", "spectral:auto", "agglomerative:2", "agglomerative:auto", "felzenszwalb")
        if (batch_runs.BUILD / "libmetamict_torch.so").exists():
            rules += ("deepcut:2",)
        self.segment("out", path, more=("--cut", ",".join(rules)))
        truth = numpy.zeros((64, 96), int)
        truth[24:] = 1
        from sklearn.metrics import adjusted_rand_score
        for rule in rules:
            found = labels(self.path / "out/film0" / rule / "labels.tif")
            self.assertGreater(adjusted_rand_score(truth.ravel(), found.ravel()), 0.6, rule)
        report = json.loads((self.path / "out/film0/report.json").read_text())
        self.assertEqual(report["rules"]["kmeans:2"]["kind"], "derived")
        self.assertIsNone(report["rules"]["kmeans:2"]["cut"])
        for wrong in ("kmeans", "kmeans:0", "kmeans:x", "nested:3"):
            self.segment("bad", path, more=("--cut", wrong), code=2)

    def test_a_graph_over_a_sample_gives_every_chip_a_community(self):
        path = self.path / "in" / "large.npy"
        film(path, rows=400, cols=400)
        grid = ("--chip-size", "16", "--stride", "4", "--graphml", "none", "--threads", "2", "--cut", "mean,nested")
        said(self.place, "segment", path, "--output", self.path / "exact", *grid, "--graph", "exact")
        said(self.place, "segment", path, "--output", self.path / "sample", *grid, "--graph", "sample")
        report = json.loads((self.path / "sample/large/report.json").read_text())
        self.assertEqual(report["graph"]["kind"], "sample")
        self.assertLessEqual(report["graph"]["chips_in_graph"], 8192)
        self.assertGreater(report["graph"]["chips_in_graph"], 7000)
        self.assertTrue(any("a sample of" in note for note in report["notes"]))
        rows = list(csv.DictReader(io.StringIO((self.path / "sample/large/chips.csv").read_text())))
        self.assertEqual(len(rows), report["grid"]["chips"])
        self.assertGreater(len(rows), 8192)
        said(self.place, "compare", self.path / "exact", self.path / "sample", "--min-ari", "0.97", "--max-share", "0.02", "--max-order", "0.2")


if __name__ == "__main__":
    unittest.main()
