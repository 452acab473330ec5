#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole program on a small image with a tiny encoder, checked by others: numpy and scipy recompute scores, statistics and edges from
the embeddings, igraph the modularity of our partition from those edges, networkx the backbone's spanning tree."""
import csv
import hashlib
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import igraph
import networkx
import numpy
import scipy.spatial.distance
import tifffile
import torch

PROGRAM = os.environ["METAMICT"]
RULES = ["mean", "median", "mode", "0.35"]
QUANTUM = 1 / 65535


class TinyEncoder(torch.nn.Module):
    """24 features of random filters: enough to tell a lattice from noise."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(4)
        self.filters = torch.nn.Conv2d(3, 24, 7, stride=2)

    def forward(self, chips):
        return torch.relu(self.filters(chips)).mean(dim=(2, 3)) + 0.05


def write_encoder(folder):
    path = folder / "tiny.pt"
    torch.jit.script(TinyEncoder().eval()).save(str(path))
    card = {"schema": 1, "name": "tiny", "kind": "untrained", "input_px": 32, "channels": 3, "mean": [0.0] * 3, "std": [1.0] * 3, "features": 24,
            "cells_per_chip": 4, "weights_dtype": "float32", "provenance": "random", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(card))
    return path


def write_image(folder):
    """A fine lattice, a coarse one, and noise, 200 x 200."""
    y, x = numpy.mgrid[:200, :200]
    image = 40 * numpy.random.default_rng(2).normal(size=(200, 200)) + 500
    image += numpy.where(x < 90, 150 * numpy.cos(x * 0.8) * numpy.cos(y * 0.8), numpy.where(y < 110, 200 * numpy.cos(x * 0.4) + 90, 0))
    path = folder / "film.tif"
    tifffile.imwrite(path, image.clip(0).astype(numpy.uint16))
    return path


class Run:
    """One run of the program, and what it left."""

    def __init__(self, folder, name, *options):
        self.folder = folder / name
        line = [PROGRAM, "segment", str(folder / "film.tif"), "--output", str(self.folder), "--encoder", str(folder / "tiny.pt"), "--trust-encoder",
                "--chip-size", "32", "--stride", "8", "--cut", ",".join(RULES), "--primary", "mode", "--quiet", *options]
        self.done = subprocess.run(line, capture_output=True, text=True)

    def load(self):
        image = self.folder / "film"
        self.report = json.loads((image / "report.json").read_text())
        self.rules = self.report["rules"]
        self.embeddings = numpy.load(image / "embeddings.npy").astype(float)
        self.scores = numpy.load(image / "scores.npy").astype(float)
        with open(image / "chips.csv", newline="", encoding="utf-8") as file:
            self.chips = list(csv.DictReader(file))
        return self

    def edges(self, rule):
        """Pairs i < j with score >= cut, and their scores."""
        first, second = numpy.triu_indices(len(self.embeddings), 1)
        kept = self.scores >= self.rules[rule]["cut"]
        return numpy.column_stack([first[kept], second[kept]]), self.scores[kept]

    def community(self, rule):
        return [int(row[rule + "_community"]) for row in self.chips]


class Oracle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(1)
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.scratch.name)
        write_encoder(cls.folder)
        write_image(cls.folder)
        (cls.folder / "spill").mkdir()
        extra = ["--write", "embeddings,scores"]
        cls.louvain = Run(cls.folder, "louvain", *extra, "--threads", "2")
        cls.leiden = Run(cls.folder, "leiden", *extra, "--communities", "leiden", "--engine", "dense", "--edge-weight", "unit", "--resolution", "0.8",
                         "--graphml", "backbone", "--spill", str(cls.folder / "spill"), "--threads", "1")
        for run in (cls.louvain, cls.leiden):
            assert run.done.returncode == 0, run.done.stderr
            run.load()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_scores_are_the_rescaled_cosines(self):
        distances = scipy.spatial.distance.pdist(self.louvain.embeddings, "cosine")
        expected = 1 - (distances - distances.min()) / (distances.max() - distances.min())
        numpy.testing.assert_allclose(self.louvain.scores, expected, atol=QUANTUM / 2 + 1e-6 / (distances.max() - distances.min()))
        self.assertEqual((self.louvain.scores.min(), self.louvain.scores.max()), (0, 1))

    def test_cuts_are_the_statistics_of_the_scores(self):
        scores, rules = self.louvain.scores, self.louvain.rules
        counts, bins = numpy.histogram(scores, bins=100, range=(0, 1))
        self.assertAlmostEqual(rules["mean"]["cut"], scores.mean(), delta=1e-7)
        self.assertAlmostEqual(rules["median"]["cut"], numpy.median(scores), delta=1 / 65536)
        self.assertAlmostEqual(rules["mode"]["cut"], bins[counts.argmax()], delta=1e-12)
        self.assertEqual(rules["0.35"]["cut"], 0.35)
        self.assertEqual(len({rules[name]["cut"] for name in RULES}), 4, "the image tells the rules apart")

    def test_edges_and_components(self):
        for name in RULES:
            pairs, _ = self.louvain.edges(name)
            self.assertEqual(self.louvain.rules[name]["edges"], len(pairs), name)
            graph = networkx.Graph(pairs.tolist())
            graph.add_nodes_from(range(len(self.louvain.chips)))
            self.assertEqual(self.louvain.rules[name]["components"], networkx.number_connected_components(graph), name)

    def test_igraph_agrees_on_the_modularity(self):
        for run, resolution, unit in ((self.louvain, 1.0, False), (self.leiden, 0.8, True)):
            for name in RULES:
                pairs, weights = run.edges(name)
                graph = igraph.Graph(n=len(run.chips), edges=pairs)
                community = run.community(name)
                # Graph.modularity takes a resolution and leaves it out.
                found = igraph.GraphBase.modularity(graph, community, None if unit else weights, resolution)
                self.assertAlmostEqual(run.rules[name]["modularity"], found, delta=1e-7, msg=name)   # scores.npy is float32
                for group in set(community):
                    members = [node for node, c in enumerate(community) if c == group]
                    self.assertTrue(graph.induced_subgraph(members).is_connected(), f"{name}: community {group} hangs together")

    def test_communities_are_as_good_as_igraphs_own(self):
        for name in RULES:
            pairs, weights = self.louvain.edges(name)
            graph = igraph.Graph(n=len(self.louvain.chips), edges=pairs)
            best = max(graph.modularity(graph.community_multilevel(weights=weights), weights=weights) for _ in range(5))
            self.assertGreater(self.louvain.rules[name]["modularity"], best - 2e-3, name)

    def test_backbone_spans_the_graph_with_the_heaviest_tree(self):
        for name in RULES:
            pairs, weights = self.leiden.edges(name)
            whole = networkx.Graph()
            whole.add_nodes_from(range(len(self.leiden.chips)))
            whole.add_weighted_edges_from(zip(*pairs.T.tolist(), weights.tolist()))
            written = networkx.read_graphml(self.leiden.folder / "film" / name / "graph.graphml")
            written = networkx.relabel_nodes(written, {node: int(node[1:]) for node in written})
            scored = networkx.Graph()
            scored.add_nodes_from(written)
            scored.add_edges_from((a, b, {"weight": whole.edges[a, b]["weight"]}) for a, b in written.edges)   # an edge of the graph, or a KeyError
            self.assertLess(scored.number_of_edges(), whole.number_of_edges())
            self.assertEqual(networkx.number_connected_components(scored), networkx.number_connected_components(whole), name)
            heaviest = [networkx.maximum_spanning_tree(graph).size(weight="weight") for graph in (scored, whole)]
            self.assertAlmostEqual(heaviest[0], heaviest[1], delta=1e-6, msg=name)

    def test_scores_on_disk_are_the_scores_in_memory(self):
        self.assertEqual((self.leiden.folder / "film" / "scores.npy").read_bytes(), (self.louvain.folder / "film" / "scores.npy").read_bytes())
        self.assertEqual(list((self.folder / "spill").iterdir()), [], "the file has no name")

    def test_too_little_memory_is_refused_with_the_cure(self):
        refused = Run(self.folder, "refused", "--max-memory", "50M")
        self.assertEqual(refused.done.returncode, 5, refused.done.stderr)
        for word in ("--stride", "--max-memory", "--spill"):
            self.assertIn(word, refused.done.stderr)


if __name__ == "__main__":
    unittest.main()
