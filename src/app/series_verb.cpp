// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <map>

#include "app/batch/batch.hpp"
#include "app/batch/output_lock.hpp"
#include "app/batch/results_folder.hpp"
#include "app/process/signals.hpp"
#include "app/verbs.hpp"
#include "base/system/machine.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "metamict/joint_graph.hpp"
#include "report/series_outputs.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

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
      folders_[command_.entries[i].image] = images[i].folder;
      by_stem[segmented.back().stem] = &images[i];
    }
    if (segmented.empty()) return;
    if (segmented.size() == 1) notes.push_back("a series of one image shows no trend");
    if (command_.joint) join_graphs(segmented, notes);
    SeriesWriter writer(command_.segment.output, repeat_line(), command_.options.axis,
                        command_.segment.outputs);
    Series series = join_series(
        std::move(segmented), command_.options,
        [this](const SeriesEntry& entry) {
          return load_micrograph(entry.image, load_options(entry));
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

  /// As the image was read when it was segmented: its own run.toml says so.
  LoadOptions load_options(const SeriesEntry& entry) const {
    LoadOptions options = command_.segment.options.load;
    const fs::path own = folders_.at(entry.image) / "run.toml";
    std::error_code ignored;
    if (fs::exists(own, ignored)) options = with_overrides(options, read_config(own));
    return options;
  }

  void say(const SeriesMember& member) {
    std::string line = member.stem + ", " + command_.options.axis.value(member.entry.dose) + ": " +
                       std::to_string(member.regions.size()) + " labels";
    if (member.front && member.warnings.empty()) {
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
    if (!command_.layers.empty()) line += " --layers " + shell_quoted(command_.layers.string());
    if (!command_.source.empty()) return line + " " + shell_quoted(command_.source);
    for (const SeriesEntry& entry : command_.entries)
      line += " " + shell_quoted(entry.name + "=" + number(entry.dose));
    return line;
  }

  const SeriesCommand& command_;
  Log& log_;
  std::map<fs::path, fs::path> folders_;  // of the images' results
};

/// The series of images that are finished in another folder, or in the output itself.
int join_finished(const SeriesCommand& command, Console& console, Log& log) {
  const fs::path& output = command.segment.output;
  std::error_code failure;
  if (!fs::is_directory(command.from, failure))
    throw InputError(command.from.string() + " is no folder of results: it is not there");
  const std::vector<std::string> names = names_of(command.segment.entries);
  const bool elsewhere = !fs::equivalent(command.from, output, failure);
  if (elsewhere && !command.segment.overwrite && !command.segment.resume &&
      fs::exists(output / "series.json", failure))
    throw UsageError(
        output.string() +
        " holds a series already: give --overwrite to replace it, or another --output");
  fs::create_directories(output, failure);
  if (failure)
    throw OutputError("output folder " + output.string() + " cannot be made: " + failure.message());
  const OutputLock lock(output);
  if (!lock.note().empty()) log.warning(lock.note());
  std::vector<BatchImage> images;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    BatchImage image{command.segment.entries[i].image, command.from / names[i], false, {}};
    image.fine = !finished_files(image.folder).empty();
    if (!image.fine) {
      ++missing;
      log.error(names[i] + ": " + image.folder.string() +
                " holds no finished result: segment the image into " + command.from.string());
    }
    images.push_back(std::move(image));
  }
  if (missing == images.size())
    throw InputError("no image of the series is finished in " + command.from.string());
  SeriesStage(command, log).run(images);
  return !console.out ? 6 : missing > 0 ? 1 : 0;
}

}  // namespace

int run_series(const SeriesCommand& command, Console& console, Log& log) {
  if (!command.from.empty()) return join_finished(command, console, log);
  SeriesStage stage(command, log);
  return run_batch(command.segment, console, log,
                   {[&stage](std::vector<BatchImage>& images) { stage.run(images); }});
}

}  // namespace metamict::app
