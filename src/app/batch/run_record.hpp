// SPDX-License-Identifier: GPL-3.0-or-later
// run.json: what became of every image of an output folder, in this run and in earlier ones.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metamict/written_file.hpp"

namespace metamict::app {

constexpr std::array stage_names = {"load", "grid",        "embed", "compare", "cut",
                                    "link", "communities", "paint", "write",   "total"};

/// One image of a run and what became of it. It is small, because there may be ten thousand. Its
/// DONE.json lists the files it left.
struct Job {
  std::filesystem::path image;
  std::string stem;
  std::filesystem::path folder;
  const char* status = "pending";  ///< done, skipped, failed, pending
  std::string reason;
  int exit_code = 0;  ///< of a failed one, had it been alone
  std::array<float, stage_names.size()> seconds{};
  std::uint64_t peak_memory_bytes = 0;
  std::optional<float> latency_s;  ///< from its arrival to its results, where images arrive
  std::vector<WrittenFile> more;   ///< what a verb made of it beside what DONE.json vouches for

  bool is(std::string_view what) const { return status == what; }
  bool is_fine() const { return is("done") || is("skipped"); }
};

/// One image as run.json has it: its folder's name, and its line.
struct RecordedImage {
  std::string stem, line;
};

/// The images of a run.json that another run has left; none where it cannot be read.
std::vector<RecordedImage> recorded_images(const std::filesystem::path& run_json);

/// An image's line in run.json.
std::string line_of(const Job& job);

/// Writes run.json: `head` with the images after it, one a line, through `also` as well. Ten
/// thousand images would be 100 MB as one value. Throws OutputError.
void write_run_json(
    const std::filesystem::path& path, const nlohmann::ordered_json& head,
    const std::function<void(const std::function<void(const std::string&)>&)>& for_each_line,
    const std::function<void(const std::string&)>& also = {});

/// Versions and machine, as run.json begins.
nlohmann::ordered_json record_head();

}  // namespace metamict::app
