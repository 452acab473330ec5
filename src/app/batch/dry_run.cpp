// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/dry_run.hpp"

#include <nlohmann/json.hpp>

#include "app/process/failure.hpp"
#include "app/process/signals.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "segment/forecast.hpp"

namespace metamict::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

std::string line_of(const DryImage& image, const SegmentOptions& options,
                    const EncoderShape& encoder) {
  const Format& format = recognise_format(image.image);
  const std::vector<DatasetInfo> datasets = format.list(image.image, image.load.max_pixels);
  const DatasetInfo& chosen = datasets[choose_dataset(datasets, image.load.dataset)];
  std::string line = printable(image.image.string()) + " -> " + printable(image.folder.string()) +
                     ": " + std::string(format.name) + ", " + std::to_string(chosen.rows) + " x " +
                     std::to_string(chosen.cols) + " " + chosen.dtype +
                     (fs::exists(image.folder) ? ", results exist" : "");
  if (!options.chips.chip_size_px) return line;
  Micrograph frame;
  frame.pixels = cv::Mat(chosen.rows, chosen.cols, CV_32FC1);
  const Plan planned = plan(frame, options, encoder);
  return line + ", " + std::to_string(planned.grid.chips()) + " chips, about " +
         bytes_text(planned.predicted_memory_bytes);
}

Json entry_of(const DryImage& image, const SegmentOptions& options, const EncoderShape& encoder,
              const MachineSpeed& speed) {
  const Micrograph micrograph = cropped(load_micrograph(image.image, image.load));
  const Plan planned = plan(micrograph, options, encoder);
  return {{"path", image.image.string()},
          {"name", image.folder.filename().string()},
          {"rows", micrograph.pixels.rows},
          {"cols", micrograph.pixels.cols},
          {"chips", planned.grid.chips()},
          {"graph", planned.graph_chips < planned.grid.chips() ? "sample" : "exact"},
          {"predicted_seconds", predicted_seconds(planned, options, encoder, speed)},
          {"predicted_memory_bytes", planned.predicted_memory_bytes}};
}

}  // namespace

int dry_run(const std::vector<DryImage>& images, const SegmentOptions& options,
            const EncoderShape& encoder, const DryWords& words, Console& console, Log& log) {
  std::size_t failed = 0;
  Json list = Json::array();
  const MachineSpeed speed = words.json ? measure_speed(options.resources.threads) : MachineSpeed{};
  for (const DryImage& image : images) {
    check_stop_signal();
    try {
      if (words.json)
        list.push_back(entry_of(image, options, encoder, speed));
      else
        console.out << line_of(image, options, encoder) << "\n";
    } catch (const Error& error) {
      ++failed;
      log.error(about(image.image, error));
    }
  }
  if (words.json) {
    console.out << list.dump(2, ' ', true, Json::error_handler_t::replace) << "\n";
  } else {
    console.out << "encoder " << printable(words.encoder) << " (" << printable(words.model)
                << "), rules";
    for (const std::string& cut : options.rules.cuts) console.out << " " << cut;
    console.out << ", threads: " << options.resources.threads << "\n";
  }
  console.out.flush();
  return failed == 0 ? 0 : failed < images.size() ? 1 : 3;
}

}  // namespace metamict::app
