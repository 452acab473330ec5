#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs read what we write: numpy, networkx, igraph, tifffile, Pillow, csv, json and an HTML parser.

Without an argument it checks a small folder written by the tests; with one, the folder of a finished image:
test_outputs_oracle.py DIR/film (run with --write embeddings,scores for the numbers to be recomputed too).
"""
import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import igraph
import networkx
import numpy
import tifffile
from PIL import Image

QUANTUM = 1 / 65535
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
folder = None


def report():
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def threshold_rules():
    return {name: rule for name, rule in report()["rules"].items() if rule["kind"] == "threshold"}


def chips():
    with open(folder / "chips.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def optional(name):
    if not (folder / name).exists():
        raise unittest.SkipTest(f"{name} was not asked for")
    return numpy.load(folder / name)


class Scores(unittest.TestCase):
    def test_scores_follow_from_the_embeddings(self):
        embeddings, scores = optional("embeddings.npy"), optional("scores.npy")
        self.assertEqual((embeddings.dtype, scores.dtype), (numpy.float32, numpy.float32))
        self.assertEqual(embeddings.shape, (report()["grid"]["chips"], report()["encoder"]["features"]))
        numpy.testing.assert_allclose(numpy.linalg.norm(embeddings.astype(float), axis=1), 1, atol=1e-5)
        n = len(embeddings)
        self.assertEqual(scores.shape, (n * (n - 1) // 2,))
        rows = embeddings.astype(float)
        cosines = (rows @ rows.T)[numpy.triu_indices(n, 1)]
        expected = (cosines - cosines.min()) / (cosines.max() - cosines.min())
        if report()["similarity"].get("scale") == "raw":
            expected = numpy.clip(cosines, 0, 1)
        numpy.testing.assert_allclose(scores, expected, atol=QUANTUM + 2e-5)
        self.assertAlmostEqual(report()["similarity"]["min_cosine"], cosines.min(), delta=1e-5)

    def test_statistics_are_those_of_the_scores(self):
        scores, said = optional("scores.npy").astype(float), report()["similarity"]
        self.assertEqual(said["pairs"], len(scores))
        self.assertAlmostEqual(said["mean"], scores.mean(), delta=1e-7)
        self.assertAlmostEqual(said["median"], numpy.median(scores), delta=1e-7)
        counts, edges = numpy.histogram(scores, bins=100, range=(0, 1))
        self.assertEqual(said["histogram"]["counts"], counts.tolist())
        numpy.testing.assert_allclose(said["histogram"]["edges"], edges, atol=1e-12)
        self.assertAlmostEqual(said["mode"], edges[counts.argmax()], delta=1e-7)


class Graphs(unittest.TestCase):
    def test_graphml_is_the_graph(self):
        for name, rule in threshold_rules().items():
            path = folder / name / "graph.graphml"
            with self.subTest(rule=name):
                graph = networkx.read_graphml(path)
                self.assertFalse(graph.is_directed() or graph.is_multigraph())
                self.assertEqual(graph.number_of_nodes(), report()["grid"]["chips"])
                said = self.description(path)
                self.assertEqual(said["rule"], name)
                self.assertEqual(int(said["edges_total"]), rule["edges"])
                whole = said["edges_written"] == "all"
                if whole:
                    self.assertEqual(graph.number_of_edges(), rule["edges"])
                self.assertEqual(networkx.number_connected_components(graph), rule["components"])
                self.check_edges(graph, rule, whole)
                self.check_nodes(graph, name)
                self.check_igraph(path, graph, rule, whole)

    def description(self, path):
        """What the file says of the graph as a whole."""
        text = ElementTree.parse(path).find(f"{GRAPHML}graph/{GRAPHML}desc").text
        return dict(part.split("=", 1) for part in text.split("; ", 4))

    def test_gephi_logs_no_error(self):
        """The conditions under which Gephi's importer of GraphML logs an issue, from its public source."""
        types = {"boolean", "bool", "integer", "int", "long", "float", "double", "string", "bigdecimal", "biginteger", "byte", "char", "short"}
        for name in threshold_rules():
            root = ElementTree.parse(folder / name / "graph.graphml").getroot()
            keys = {"node": {}, "edge": {}}
            for key in root.findall(f"{GRAPHML}key"):
                self.assertIn(key.get("for"), keys, "a key is of a node or an edge")
                self.assertTrue(key.get("id"))
                self.assertIn(key.get("attr.type").lower(), types)
                keys[key.get("for")][key.get("id")] = key
            graph = root.find(f"{GRAPHML}graph")
            self.assertIn(graph.get("edgedefault"), ("directed", "undirected"))
            self.assertEqual(graph.findall(f"{GRAPHML}data"), [])
            for kind in keys:
                for element in graph.findall(GRAPHML + kind):
                    for required in ["id"] if kind == "node" else ["source", "target"]:
                        self.assertTrue(element.get(required))
                    for data in element.findall(f"{GRAPHML}data"):
                        key = keys[kind][data.get("key")]
                        if key.get("attr.name") in ("r", "g", "b"):
                            self.assertTrue(0 <= int(data.text) <= 255)
                        elif key.get("attr.type") in ("int", "long"):
                            int(data.text)
                        elif key.get("attr.type") == "double":
                            self.assertTrue(numpy.isfinite(float(data.text)))

    def check_edges(self, graph, rule, whole):
        scores = optional("scores.npy")
        n = graph.number_of_nodes()
        first, second = numpy.triu_indices(n, 1)
        matrix = numpy.zeros((n, n), numpy.float32)
        matrix[first, second] = matrix[second, first] = scores
        for a, b, data in graph.edges(data=True):
            self.assertEqual(numpy.float32(data["weight"]), matrix[int(a[1:]), int(b[1:])])
            self.assertGreaterEqual(data["weight"], rule["cut"] - QUANTUM)
        if whole:
            self.assertEqual(graph.number_of_edges(), int((scores >= rule["cut"] - 1e-9).sum()))

    def check_nodes(self, graph, name):
        for row in chips():
            data = graph.nodes["n" + row["node"]]
            self.assertEqual(data["community"], int(row[name + "_community"]))
            for key, column in (("x_px", "x_px"), ("y_px", "y_px"), ("order", "order"), ("stability", name + "_stability")):
                self.assertEqual(data[key], float(row[column]), key)
            for key in ("x", "y", "size"):
                self.assertTrue(numpy.isfinite(data[key]), key)
            self.assertTrue(all(0 <= data[key] <= 255 for key in "rgb") and data["label"])

    def check_igraph(self, path, graph, rule, whole):
        read = igraph.Graph.Read_GraphML(str(path))
        self.assertEqual((read.vcount(), read.ecount()), (graph.number_of_nodes(), graph.number_of_edges()))
        self.assertFalse(read.is_directed())
        if whole and rule["modularity"] is not None:
            community = [int(value) for value in read.vs["community"]]
            self.assertAlmostEqual(read.modularity(community, weights=read.es["weight"]), rule["modularity"], delta=1e-6)


class Tables(unittest.TestCase):
    def test_chips_csv_agrees_with_the_report(self):
        rows, grid = chips(), report()["grid"]
        self.assertEqual([int(row["node"]) for row in rows], list(range(grid["chips"])))
        for row in rows:
            self.assertEqual(int(row["row"]) * grid["cols"] + int(row["col"]), int(row["node"]))
        for name, rule in report()["rules"].items():
            communities = {int(row[name + "_community"]) for row in rows}
            self.assertEqual(communities, set(range(rule["communities"])))
            self.assertTrue(all(0 <= float(row[name + "_stability"]) <= 1 for row in rows))
            of_label = rule["community_of_label"]
            for region in rule["regions"]:
                count = sum(int(row[name + "_community"]) == of_label[region["label"]] for row in rows)
                self.assertEqual(count, region["chips"])

    def test_no_time_of_day(self):
        page = re.sub(r'"data:[^"]*"', "", (folder / "report.html").read_text(encoding="utf-8"))
        for text in (page, (folder / "report.json").read_text(encoding="utf-8")):
            self.assertIsNone(re.search(r"\d\d:\d\d", text))


class LabelMaps(unittest.TestCase):
    def test_tifffile_reads_a_calibrated_map(self):
        image = report()["image"]
        for name, rule in report()["rules"].items():
            with self.subTest(rule=name), tifffile.TiffFile(folder / name / "labels.tif") as tiff:
                labels, page = tiff.asarray(), tiff.pages[0]
                self.assertEqual((labels.dtype, labels.shape), (numpy.uint16, (image["rows"], image["cols"])))
                areas = numpy.bincount(labels.ravel(), minlength=len(rule["regions"]) + 1)
                self.assertEqual(areas[1:].tolist(), [region["area_px"] for region in rule["regions"]])
                self.assertEqual(sorted(areas[1:].tolist(), reverse=True), areas[1:].tolist(), "labels by falling area")
                self.assertTrue(tiff.is_imagej)
                self.check_scale(tiff, page, image["nm_per_pixel"])

    def check_scale(self, tiff, page, nm_per_pixel):
        self.assertEqual(page.tags["ResolutionUnit"].value, 1)
        if nm_per_pixel is None:
            self.assertNotIn("unit", tiff.imagej_metadata)
            self.assertNotIn(65009, page.tags)
            return
        # ImageJ: the unit from the description, the pixel's width from one over the resolution.
        self.assertEqual(tiff.imagej_metadata["unit"], "nm")
        for tag in ("XResolution", "YResolution"):
            number, by = page.tags[tag].value
            self.assertAlmostEqual(by / number, nm_per_pixel, delta=1e-6 * nm_per_pixel)
        # DigitalMicrograph: units, origins and scales in Gatan's own tags.
        for tag, value in ((65003, "nm"), (65004, "nm"), (65006, 0.0), (65007, 0.0), (65009, nm_per_pixel), (65010, nm_per_pixel)):
            self.assertEqual(page.tags[tag].value, value, tag)


class Pictures(unittest.TestCase):
    def test_pillow_opens_every_png(self):
        paths = sorted(folder.rglob("*.png"))
        self.assertIn(folder / "similarity.png", paths)
        for path in paths:
            with Image.open(path) as image:
                image.load()
                self.assertEqual(image.mode, "L" if path.name == "thumbnail.png" else "RGB")
                self.assertAlmostEqual(image.info["dpi"][0], 300, delta=0.1)
                self.assertGreater(len(image.getcolors(1 << 24)), 10, f"{path} is nearly empty")


class Balance(HTMLParser):
    """Every tag that opens is closed in order; collects the addresses of pictures."""
    VOID = {"meta", "img", "br", "rect", "image", "use", "path"}

    def __init__(self):
        super().__init__()
        self.open, self.sources, self.problems = [], [], []

    def handle_starttag(self, tag, attrs):
        self.sources += [value for key, value in attrs if key in ("src", "href")]
        if tag not in self.VOID or tag == "path":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.sources += [value for key, value in attrs if key in ("src", "href")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")


class Page(unittest.TestCase):
    def test_the_page_is_whole_and_alone(self):
        text = (folder / "report.html").read_text(encoding="utf-8")
        parser = Balance()
        parser.feed(text)
        parser.close()
        self.assertEqual((parser.problems, parser.open), ([], []))
        self.assertGreater(len(parser.sources), 3)
        for source in parser.sources:
            if source.startswith("#"):
                self.assertIn(f'id="{source[1:]}"', text)
                continue
            kind, data = source.split(",", 1)
            self.assertEqual(kind, "data:image/png;base64")
            with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as image:
                image.load()

    def test_the_policy_admits_the_style_and_nothing_else(self):
        text = (folder / "report.html").read_text(encoding="utf-8")
        style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
        self.assertIn("default-src 'none'", policy)
        self.assertIn(f"style-src 'sha256-{digest}'", policy)
        self.assertNotIn("unsafe", policy)


def make_sample(target):
    """The tests' own program writes a finished result by hand."""
    program = Path(os.environ["METAMICT"]).parent / "bin" / "unit_report_content"
    subprocess.run([program, "--gtest_filter=Outputs.SampleForOtherReaders"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "METAMICT_OUTPUT_SAMPLE": str(target)})


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        folder = Path(sys.argv.pop(1))
        unittest.main()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "film"
        make_sample(folder)
        unittest.main(exit=True)
