// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/verbs.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/evaluate.hpp"
#include "metamict/formats.hpp"

namespace metamict::app {

namespace {

/// Reads a label image. Any image of whole numbers is one; where it has a palette the indices are
/// the labels.
cv::Mat read_labels(const std::filesystem::path& path) {
  const cv::Mat pixels = read_numbers(path, std::uint64_t{1} << 28);
  for (int y = 0; y < pixels.rows; ++y)
    for (int x = 0; x < pixels.cols; ++x)
      if (const double value = pixels.at<double>(y, x);
          value != std::floor(value) || !std::isfinite(value))
        throw InputError(path.filename().string() + ": pixel (" + std::to_string(x) + ", " +
                         std::to_string(y) + ") is " + std::to_string(value) +
                         ", but labels are whole numbers");
  return pixels;
}

}  // namespace

int run_evaluate(const EvaluateCommand& command, Console& console, Log& log) {
  const Evaluation result =
      evaluate(read_labels(command.labels), read_labels(command.truth), command.ignore);
  if (command.common.json) {
    nlohmann::ordered_json json{{"ari", result.ari},
                                {"mean_iou", result.mean_iou},
                                {"regions", nlohmann::json::array()},
                                {"pixels", result.pixels}};
    for (const RegionMatch& region : result.regions)
      json["regions"].push_back(
          {{"truth", region.truth},
           {"label", region.label ? nlohmann::json(*region.label) : nlohmann::json()},
           {"iou", region.iou}});
    console.out << json.dump(2) << "\n";
  } else {
    char line[96];
    std::snprintf(line, sizeof line, "ARI %.4f  mean IoU %.4f  (%llu pixels)\n", result.ari,
                  result.mean_iou, static_cast<unsigned long long>(result.pixels));
    console.out << line;
    for (const RegionMatch& region : result.regions) {
      if (region.label)
        std::snprintf(line, sizeof line, "  truth %3lld  label %3lld  IoU %.4f\n",
                      static_cast<long long>(region.truth), static_cast<long long>(*region.label),
                      region.iou);
      else
        std::snprintf(line, sizeof line, "  truth %3lld  no label   IoU 0\n",
                      static_cast<long long>(region.truth));
      console.out << line;
    }
  }
  console.out.flush();
  if (!console.out) return 6;
  int code = 0;
  const auto ask = [&](const char* what, double value, const std::optional<double>& least) {
    if (!least || value >= *least) return;
    log.error(std::string(what) + " is " + number(value) + ", below " + number(*least));
    code = 1;
  };
  ask("ARI", result.ari, command.min_ari);
  ask("mean IoU", result.mean_iou, command.min_iou);
  return code;
}

}  // namespace metamict::app
