// SPDX-License-Identifier: GPL-3.0-or-later
// One image of a batch, as a command line or a manifest names it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/command_line/config_file.hpp"
#include "metamict/micrograph.hpp"

namespace metamict::app {

struct BatchEntry {
  std::filesystem::path image;
  std::string name;       ///< of its results' folder; empty = the image's stem
  OptionTable overrides;  ///< what its line sets: pixel-size, dataset, crop, mask, maps
};

/// Reads the images of a manifest: one path a line, or a CSV with a column named image and perhaps
/// name, pixel_size, dataset, crop, mask and maps. Relative paths begin at the manifest's folder.
/// Throws UsageError with the line.
std::vector<BatchEntry> read_manifest(const std::filesystem::path& path);

/// Returns the name of each image's folder. Throws UsageError when two images share one, or when a
/// name is kept for metamict's own files.
std::vector<std::string> names_of(const std::vector<BatchEntry>& entries);

/// The options with an image's own in place of them.
OptionTable with_overrides(OptionTable table, const OptionTable& overrides);

/// How an image is read, by the options of the run and its own.
LoadOptions with_overrides(LoadOptions options, const OptionTable& overrides);

/// Parses "X,Y,W,H" in whole pixels. Throws UsageError.
cv::Rect parse_crop(const std::string& option, const std::string& text);

/// One share of a batch.
struct Shard {
  int number = 1, count = 1;  ///< number from 1
  std::string only = {};      ///< the one image of this name; its place in the batch is the number
};

/// Parses "K/N", "only:NAME", or "slurm": the array's variables SLURM_ARRAY_TASK_ID,
/// SLURM_ARRAY_TASK_MIN and SLURM_ARRAY_TASK_COUNT. Throws UsageError.
Shard parse_shard(const std::string& text);

/// The numbers of the entries that belong to a shard, in their order. Images are dealt by their
/// cost, the largest first, each to the shard that has least to do. The cost is rows x cols or,
/// where the header cannot be read, the file's size: never a measured speed, so that every machine
/// deals alike.
std::vector<std::size_t> share_of(const std::vector<BatchEntry>& entries, const Shard& shard,
                                  const LoadOptions& options);

}  // namespace metamict::app
