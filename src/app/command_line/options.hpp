// SPDX-License-Identifier: GPL-3.0-or-later
// Turns the command line and a config file into one struct per verb. options.cpp is the only place
// where an option has a name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/batch/batch_entry.hpp"
#include "app/command_line/config_file.hpp"
#include "metamict/outputs.hpp"
#include "metamict/segment_options.hpp"
#include "metamict/series.hpp"
#include "report/comparison/limits.hpp"

namespace metamict::app {

/// The options that every verb takes.
struct CommonOptions {
  bool quiet = false, verbose = false, json = false, no_color = false;
  std::filesystem::path log_file;
};

struct SegmentCommand {
  CommonOptions common;
  std::vector<std::filesystem::path> images;
  std::vector<BatchEntry> entries;  ///< the same, with what a table says of them
  std::filesystem::path output, manifest;
  std::optional<Shard> shard;
  SegmentOptions options;
  EncoderOptions encoder;  ///< model is empty for the one that ships
  OutputOptions outputs;
  bool dry_run = false, print_config = false, resume = false, overwrite = false, fail_fast = false;
  OptionTable effective;  ///< what --config reads back
  OptionTable
      result_relevant;  ///< the part of it that can change a result: what DONE.json's hash covers
};

struct SeriesCommand {
  CommonOptions common;
  SegmentCommand segment;  ///< how every image is segmented; its images are those of the series
  std::vector<SeriesEntry> entries;  ///< as given
  SeriesOptions options;
  bool joint = false;
  std::string source;  ///< the CSV, or the images as typed: for the line that repeats the run
  std::filesystem::path from;    ///< a folder of finished images: none is segmented
  std::filesystem::path layers;  ///< what the user says of layers
};

struct WatchCommand {
  CommonOptions common;
  SegmentCommand segment;
  std::filesystem::path folder;
  double settle_s = 1.0;  ///< a file is whole when its size and time have stood still for so long
  bool poll = false, once = false, recursive = false;
};

struct InspectCommand {
  CommonOptions common;
  std::vector<std::filesystem::path> images;
  SegmentOptions options;
};

struct EvaluateCommand {
  CommonOptions common;
  std::filesystem::path labels, truth;
  std::optional<std::int64_t> ignore;
  std::optional<double> min_ari, min_iou;  ///< below them the exit code is 1
};

struct CompareCommand {
  CommonOptions common;
  std::filesystem::path baseline, fresh;
  CompareLimits limits;
  std::filesystem::path junit, html;
};

struct GatherCommand {
  CommonOptions common;
  std::filesystem::path folder, manifest;
};

/// A text that was asked for (--help, --version, --completion). It goes to stdout, with exit code
/// 0.
struct PrintText {
  std::string text;
};

using Command = std::variant<PrintText, SegmentCommand, SeriesCommand, WatchCommand, InspectCommand,
                             EvaluateCommand, CompareCommand, GatherCommand>;

/// Parses the arguments without the program's name. Throws UsageError with one sentence.
Command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace metamict::app
