// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/process/failure.hpp"
#include "app/process/signals.hpp"
#include "app/verbs.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "metamict/plan.hpp"
#include "metamict/sidecar.hpp"
#include "segment/forecast.hpp"

namespace metamict::app {

namespace {

using Json = nlohmann::ordered_json;

Json dataset_json(const DatasetInfo& info) {
  Json json{{"name", info.name},
            {"rows", info.rows},
            {"cols", info.cols},
            {"frames", info.frames},
            {"dtype", info.dtype}};
  json["nm_per_pixel"] = info.nm_per_pixel ? Json(*info.nm_per_pixel) : Json();
  json["pixel_size_source"] = info.pixel_size_source;
  json["image"] = info.image;
  json["reason"] = info.reason.empty() ? Json() : Json(info.reason);
  json["notes"] = info.notes;
  json["min"] = json["max"] = json["mean"] = nullptr;
  return json;
}

/// Adds minimum, maximum and mean of a dataset's chosen frame. They stay null where its pixels
/// cannot be read.
void add_range(Json& json, const Format& format, const ReadRequest& request) {
  const cv::Mat pixels = format.read(request).pixels;
  double low = 0, high = 0, sum = 0;
  cv::minMaxIdx(pixels, &low, &high);
  for (int y = 0; y < pixels.rows; ++y)
    for (int x = 0; x < pixels.cols; ++x) sum += pixels.at<float>(y, x);
  // JSON knows no NaN or infinity: such an image keeps null, and the chosen dataset's own error
  // says why.
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(sum)) return;
  json["min"] = low;
  json["max"] = high;
  json["mean"] = sum / static_cast<double>(pixels.total());
}

/// Adds what segment would do with the file. The keys stay null where it would refuse.
void add_plan(Json& json, const std::filesystem::path& path, const SegmentOptions& options,
              const MachineSpeed& speed) {
  EncoderShape encoder;
  try {
    encoder = shape_of(read_sidecar(default_encoder()), {});
  } catch (const ModelError&) {
    // Without a model the plan is that of the default encoder's input; segment itself will say that
    // it is missing.
  }
  const Micrograph micrograph = load_micrograph(path, options.load);
  const Plan planned = plan(micrograph, options, encoder);
  const ChipSize& chip = planned.chip_size;
  json["lattice_period_px"] = chip.lattice ? Json(chip.lattice->period_px) : Json();
  json["lattice_candidates_px"] =
      chip.lattice_candidates_px.empty() ? Json() : Json(chip.lattice_candidates_px);
  json["chip_size_px"] = chip.size_px;
  json["stride_px"] = planned.stride_px;
  json["chips"] = planned.grid.chips();
  json["predicted_seconds"] = predicted_seconds(planned, options, encoder, speed);
  json["predicted_memory_bytes"] = planned.predicted_memory_bytes;
}

Json inspect_file(const std::filesystem::path& path, const SegmentOptions& options,
                  const MachineSpeed& speed) {
  Json json{{"path", path.string()},
            {"format", nullptr},
            {"datasets", Json::array()},
            {"chosen", nullptr}};
  for (const char* key : {"lattice_period_px", "lattice_candidates_px", "chip_size_px", "stride_px",
                          "chips", "predicted_seconds", "predicted_memory_bytes", "error"})
    json[key] = nullptr;
  try {
    const Format& format = recognise_format(path);
    json["format"] = format.name;
    const std::vector<DatasetInfo> datasets = format.list(path, options.load.max_pixels);
    for (const DatasetInfo& info : datasets) json["datasets"].push_back(dataset_json(info));
    for (std::size_t i = 0; i < datasets.size(); ++i)
      if (datasets[i].image)
        add_range(json["datasets"][i], format, {path, i, 0, options.load.max_pixels});
    json["chosen"] = datasets[choose_dataset(datasets, options.load.dataset)].name;
    add_plan(json, path, options, speed);
  } catch (const Error& error) {
    json["error"] = about(path, error);
  }
  return json;
}

/// Makes a name safe for a terminal. Names in a file are its maker's choice.
std::string words(const Json& text) { return printable(text.get<std::string>()); }

/// "0.02 nm/px", or both edges where pixels are not square.
std::string pixel_size_text(const Json& nm_per_pixel) {
  const double height = nm_per_pixel[0].get<double>(), width = nm_per_pixel[1].get<double>();
  if (std::abs(height - width) <= 1e-3 * std::min(height, width)) return number(width) + " nm/px";
  return number(width) + " nm wide x " + number(height) + " nm high a pixel";
}

std::string lattice_text(const Json& file) {
  if (!file["lattice_period_px"].is_null())
    return "lattice period " + number(file["lattice_period_px"].get<double>()) + " px";
  if (file["lattice_candidates_px"].is_null()) return "no lattice found";
  std::string periods;
  for (const Json& period : file["lattice_candidates_px"])
    periods += (periods.empty() ? "" : " or ") + number(period.get<double>());
  return "lattice period uncertain: " + periods + " px (--chip-size or --lattice-nm settles it)";
}

/// "12 s", "4 min" or "1.5 h".
std::string duration_text(double seconds) {
  constexpr double minute = 60, hour = 3600;
  if (seconds < 100) return significant(seconds, 2) + " s";
  if (seconds < 1.5 * hour) return std::to_string(std::lround(seconds / minute)) + " min";
  return significant(seconds / hour, 2) + " h";
}

std::string text_of(const Json& file) {
  const auto known = [&](const char* key) { return !file[key].is_null(); };
  std::string text =
      words(file["path"]) + (known("format") ? " (" + words(file["format"]) + ")" : "") + "\n";
  const bool several = file["datasets"].size() > 1;
  for (std::size_t i = 0; i < file["datasets"].size(); ++i) {
    const Json& data = file["datasets"][i];
    text += "  " + (several ? std::to_string(i + 1) + ". " : std::string()) + words(data["name"]) +
            ": " + data["rows"].dump() + " x " + data["cols"].dump() + " (rows x cols), " +
            words(data["dtype"]);
    if (data["frames"].get<int>() > 1) text += ", " + data["frames"].dump() + " frames";
    if (!data["nm_per_pixel"].is_null())
      text += ", " + pixel_size_text(data["nm_per_pixel"]) + " (" +
              words(data["pixel_size_source"]) + ")";
    else
      text += ", pixel size unknown";
    if (!data["min"].is_null())
      text += ", " + number(data["min"].get<double>()) + " to " +
              number(data["max"].get<double>()) + ", mean " + number(data["mean"].get<double>());
    for (const Json& note : data["notes"]) text += " (" + words(note) + ")";
    if (!data["image"].get<bool>()) text += ", not an image: " + words(data["reason"]);
    if (known("chosen") && data["name"] == file["chosen"]) text += "  <- segment takes this";
    text += "\n";
  }
  if (known("chips")) {
    text += "  " + lattice_text(file);
    text += ", chip " + number(file["chip_size_px"].get<double>()) + " px, stride " +
            number(file["stride_px"].get<double>()) + " px, " + file["chips"].dump() +
            " chips, about " + duration_text(file["predicted_seconds"].get<double>()) + " and " +
            bytes_text(file["predicted_memory_bytes"].get<std::uint64_t>()) + " of memory\n";
  }
  return text;
}

}  // namespace

int run_inspect(const InspectCommand& command, Console& console, Log& log) {
  Json files = Json::array();
  std::size_t failed = 0;
  const MachineSpeed speed = measure_speed(command.options.resources.threads);
  for (const auto& path : command.images) {
    check_stop_signal();
    files.push_back(inspect_file(path, command.options, speed));
    if (!command.common.json) console.out << text_of(files.back()) << std::flush;
    if (files.back()["error"].is_null()) continue;
    ++failed;
    log.error(files.back()["error"].get<std::string>());
  }
  if (command.common.json)
    console.out << files.dump(2, ' ', true, Json::error_handler_t::replace) << "\n";
  console.out.flush();
  if (!console.out) return 6;
  return failed == 0 ? 0 : failed < command.images.size() ? 1 : 3;
}

}  // namespace metamict::app
