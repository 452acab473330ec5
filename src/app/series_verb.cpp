// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <map>

#include "app/batch/batch.hpp"
#include "app/process/signals.hpp"
#include "app/verbs.hpp"
#include "base/sha256.hpp"
#include "base/system/machine.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "metamict/joint_graph.hpp"
#include "report/series_outputs.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

std::vector<WrittenFile> write_regions(const Result& result, const fs::path& staging) {
  std::error_code failure;
  fs::create_directory(staging / "series", failure);
  if (failure)
    throw OutputError((staging / "series").string() + " cannot be made: " + failure.message());
  const std::string text = regions_json(result);
  write_whole(staging / "series" / "regions.json", text);
  return {
      {"series/regions.json", sha256_of_file(staging / "series" / "regions.json"), text.size()}};
}

RowMatrixXf read_embeddings(const fs::path& path) {
  const cv::Mat rows = recognise_format(path).read({path, 0, 0, std::uint64_t{1} << 40}).pixels;
  return Eigen::Map<const RowMatrixXf>(rows.ptr<float>(), rows.rows, rows.cols);
}

/// Does what comes after every image has been segmented.
class SeriesStage {
 public:
  SeriesStage(const SeriesCommand& command, Log& log) : command_(command), log_(log) {}

  void run(std::vector<BatchImage>& images) {
    Notes notes;
    std::vector<SegmentedImage> segmented;
    std::map<std::string, BatchImage*> by_stem;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (!images[i].fine) {
        notes.push_back(images[i].image.filename().string() +
                        " failed and is not part of the series");
        continue;
      }
      segmented.push_back(read_segmented(images[i].folder, command_.entries[i]));
      by_stem[segmented.back().stem] = &images[i];
    }
    if (segmented.empty()) return;
    if (segmented.size() == 1) notes.push_back("a series of one image shows no trend");
    if (command_.joint) join_graphs(segmented, notes);
    SeriesWriter writer(command_.segment.output, repeat_line());
    Series series = join_series(
        std::move(segmented), command_.options,
        [this](const SeriesEntry& entry) {
          return load_micrograph(entry.image, command_.segment.options.load);
        },
        [&](const SeriesMember& member, const Micrograph& micrograph,
            const std::vector<SeriesLabel>& labels) {
          check_stop_signal();
          for (WrittenFile& file : writer.add(member, micrograph, labels))
            by_stem.at(member.stem)->outputs.push_back(std::move(file));
          say(member);
        },
        command_.segment.options.resources.threads);
    series.joint = command_.joint;
    series.notes.insert(series.notes.begin(), notes.begin(), notes.end());
    writer.finish(series);
    for (const std::string& note : series.notes) log_.warning(note);
    log_.info("series of " + std::to_string(series.members.size()) + " images, " +
              std::to_string(series.labels.size()) + " labels -> " +
              (command_.segment.output / "series.html").string());
  }

 private:
  void join_graphs(std::vector<SegmentedImage>& segmented, Notes& notes) {
    SegmentOptions options = command_.segment.options;
    if (options.resources.max_memory_bytes == 0)
      options.resources.max_memory_bytes = machine_memory_bytes();
    segment_jointly(
        segmented,
        [this](const SegmentedImage& image) {
          return read_embeddings(command_.segment.output / image.stem / "embeddings.npy");
        },
        options, notes, log_.progress("joint graph"));
  }

  void say(const SeriesMember& member) {
    std::string line = member.stem + ", " + number(member.entry.dose_dpa) +
                       " dpa: " + std::to_string(member.regions.size()) + " labels";
    if (member.front) {
      line += ", amorphous share of the film " +
              number(std::round(1e4 * member.front->amorphous_fraction.value) / 1e4);
      if (member.nm_per_pixel)
        line += ", front " +
                number(std::round(100 * member.front->depth_mean_px.value * *member.nm_per_pixel) /
                       100) +
                " nm deep (mean)";
    }
    log_.info(line);
    for (const std::string& warning : member.warnings) log_.warning(member.stem + ": " + warning);
    for (const std::string& note : member.notes) log_.warning(member.stem + ": " + note);
  }

  std::string repeat_line() const {
    std::string line = "metamict series --config run.toml";
    if (command_.joint) line += " --joint";
    if (command_.options.growth_direction_deg)
      line += " --growth-direction " + number(*command_.options.growth_direction_deg);
    if (!command_.source.empty()) return line + " " + shell_quoted(command_.source);
    for (const SeriesEntry& entry : command_.entries)
      line += " " + shell_quoted(entry.name + "=" + number(entry.dose_dpa));
    return line;
  }

  const SeriesCommand& command_;
  Log& log_;
};

}  // namespace

int run_series(const SeriesCommand& command, Console& console, Log& log) {
  SeriesStage stage(command, log);
  return run_batch(
      command.segment, console, log,
      {write_regions, [&stage](std::vector<BatchImage>& images) { stage.run(images); }});
}

}  // namespace metamict::app
