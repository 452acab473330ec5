#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""graph_peers.py igraph|networkx FOLDER: builds the graph of scores.npy and cut.json, runs one seed of Louvain, prints seconds and
modularity as JSON. Reading the file and finding the edges are not counted."""
import json
import random
import sys
import time
from pathlib import Path

import numpy

library, folder = sys.argv[1], Path(sys.argv[2])
said = json.loads((folder / "cut.json").read_text())
scores = numpy.load(folder / "scores.npy")
nodes = said["nodes"]
a, b = numpy.triu_indices(nodes, 1)
kept = scores >= said["cut"]
edges, weights = numpy.column_stack([a[kept], b[kept]]), scores[kept].astype(float)
del a, b, kept, scores


def with_igraph():
    import igraph
    random.seed(1)
    igraph.set_random_number_generator(random)
    start = time.perf_counter()
    graph = igraph.Graph(n=nodes, edges=edges)
    graph.es["weight"] = weights
    built = time.perf_counter()
    found = graph.community_multilevel(weights="weight")
    return built - start, time.perf_counter() - built, graph.modularity(found, weights="weight")


def with_networkx():
    import networkx
    start = time.perf_counter()
    graph = networkx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(zip(edges[:, 0].tolist(), edges[:, 1].tolist(), weights.tolist()))
    built = time.perf_counter()
    found = networkx.community.louvain_communities(graph, seed=1)
    ran = time.perf_counter()
    return built - start, ran - built, networkx.community.modularity(graph, found)


build, run, modularity = {"igraph": with_igraph, "networkx": with_networkx}[library]()
print(json.dumps({"build": build, "run": run, "modularity": modularity}))
