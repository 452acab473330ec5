// SPDX-License-Identifier: GPL-3.0-or-later
// What a finished segmentation leaves on disk; every file whole or not at all.
#pragma once

#include <filesystem>
#include <vector>

#include "metamict/progress.hpp"
#include "metamict/result.hpp"
#include "metamict/written_file.hpp"

namespace metamict {

enum class GraphmlMode { automatic, full, backbone, none };

struct OutputOptions {
  GraphmlMode graphml =
      GraphmlMode::automatic;     ///< automatic: full up to 1,000,000 edges, else a backbone
  bool embeddings = false;        ///< also embeddings.npy
  bool scores = false;            ///< also scores.npy
  bool make_folder = true;        ///< false: the folder is there already
  bool hspy = false;              ///< also order.hspy and per rule labels.hspy (HyperSpy)
  bool lean = false;              ///< label maps and report.json only
  bool regions = false;           ///< with `lean` also what a series needs
  bool svg = false, pdf = false;  ///< also the overlays, trends and profiles as vectors
};

/// Writes every file of one image under `folder` (made if need be): report.json, report.html,
/// similarity.png, chips.csv and per rule labels.tif, overlay.png, graph.graphml, graph.png; not
/// DONE.json, which the program writes last. Each through a temporary name ending in .part in the
/// same folder, fsync and rename. Returns what was written, in a fixed order; may add to
/// result.notes (a backbone in place of the full graph) before the reports are written. Throws
/// OutputError.
std::vector<WrittenFile> write_outputs(Result& result, const std::filesystem::path& folder,
                                       const OutputOptions& options, int threads = 1,
                                       const Progress& progress = {});

}  // namespace metamict
