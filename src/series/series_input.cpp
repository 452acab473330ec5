// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/series_input.hpp"

#include <charconv>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/csv.hpp"
#include "base/text.hpp"
#include "base/text_file.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"

namespace metamict {

namespace {

using Json = nlohmann::ordered_json;

double dose_of(const std::string& text, const std::string& where) {
  double dose = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), dose);
  if (failure != std::errc{} || end != text.data() + text.size() || !std::isfinite(dose) ||
      dose < 0)
    throw UsageError(
        where + ": the dose '" + text + "' is not a number of 0 or more" +
        (text.find(',') == std::string::npos ? "" : ": write it with a decimal point"));
  return dose;
}

}  // namespace

std::vector<SeriesEntry> read_series_csv(const std::filesystem::path& path) {
  const std::optional<std::string> text = text_of_file(path);
  if (!text)
    throw UsageError("series " + path.string() +
                     " cannot be read: give the path of an existing CSV file");
  const std::vector<std::vector<std::string>> rows = csv_rows(*text);
  if (rows.empty())
    throw UsageError("series " + path.string() + " is empty: its columns are image,dose_dpa");
  const auto column = [&](const std::string& name) {
    for (std::size_t i = 0; i < rows[0].size(); ++i)
      if (rows[0][i] == name) return i;
    std::string header;
    for (const std::string& cell : rows[0]) header += (header.empty() ? "" : ",") + cell;
    throw UsageError("series " + path.string() + " has no column named " + name +
                     ": its header is '" + header + "' but image,dose_dpa are due");
  };
  const std::size_t image = column("image"), dose = column("dose_dpa");
  std::vector<SeriesEntry> entries;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    const std::string where = "series " + path.string() + ", row " + std::to_string(r + 1);
    if (std::max(image, dose) >= rows[r].size() || rows[r][image].empty())
      throw UsageError(where + ": an image and a dose are due");
    SeriesEntry entry{
        path.parent_path() / rows[r][image], dose_of(rows[r][dose], where), rows[r][image], {}};
    for (std::size_t i = 0; i < rows[0].size(); ++i)
      if (i != image && i != dose)
        entry.columns.emplace_back(rows[0][i], i < rows[r].size() ? rows[r][i] : "");
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) throw UsageError("series " + path.string() + " names no image");
  return entries;
}

std::string regions_json(const Result& result) {
  const auto found =
      std::find_if(result.rules.begin(), result.rules.end(),
                   [&](const RuleResult& rule) { return rule.name == result.primary; });
  const RuleResult& rule = *found;
  const auto nodes = static_cast<Eigen::Index>(result.grid.chips());
  const Eigen::Index features = result.embeddings.rows_ND.cols();
  RowMatrixXf mean = RowMatrixXf::Zero(static_cast<Eigen::Index>(rule.regions.size()), features);
  Json label_of_chip = Json::array(), order = Json::array(), stability = Json::array();
  for (Eigen::Index node = 0; node < nodes; ++node) {
    const auto i = static_cast<std::size_t>(node);
    const int label =
        rule.map.label_of_community[static_cast<std::size_t>(rule.communities.community[i])];
    if (label > 0) mean.row(label - 1) += result.embeddings.rows_ND.row(node);
    label_of_chip.push_back(label);
    order.push_back(tidy(result.order[i]));
    stability.push_back(tidy(rule.communities.node_stability[i]));
  }
  const ChipGrid& grid = result.grid;
  const std::optional<double>& nm = result.micrograph.nm_per_pixel;
  Json json{{"schema", "metamict-regions/1"},
            {"rule", rule.name},
            {"nm_per_pixel", nm ? Json(*nm) : Json()}};
  json["pixel_aspect"] = result.micrograph.pixel_aspect;
  json["grid"] = {{"image_size", {grid.image_size.width, grid.image_size.height}},
                  {"input_size", {grid.input_size.width, grid.input_size.height}},
                  {"size_px", grid.size_px},
                  {"stride_px", grid.stride_px},
                  {"rows", grid.rows},
                  {"cols", grid.cols},
                  {"chip_size_input_px", result.chip_size.size_px}};
  json["regions"] = Json::array();
  for (const Region& region : rule.regions) {
    Json embedding = Json::array();
    auto row = mean.row(region.label - 1);
    row /= std::max(row.norm(), 1e-20F);
    for (Eigen::Index f = 0; f < features; ++f) embedding.push_back(tidy(row[f]));
    json["regions"].push_back({{"label", region.label},
                               {"chips", region.chips},
                               {"area_px", region.area_px},
                               {"order", region.order},
                               {"mean_intensity", region.mean_intensity},
                               {"embedding", std::move(embedding)}});
  }
  json["label_of_chip"] = std::move(label_of_chip);
  json["order"] = std::move(order);
  json["stability"] = std::move(stability);
  return json.dump() + "\n";
}

SegmentedImage read_segmented(const std::filesystem::path& folder, const SeriesEntry& entry) try {
  std::ifstream file(folder / "series" / "regions.json");
  if (!file) throw InputError("series/regions.json is missing");
  const Json json = Json::parse(file);
  SegmentedImage image;
  image.entry = entry;
  image.stem = folder.filename().string();
  image.rule = json.at("rule").get<std::string>();
  image.pixel_aspect = json.value("pixel_aspect", 1.0);
  if (!json.at("nm_per_pixel").is_null())
    image.nm_per_pixel = json.at("nm_per_pixel").get<double>();
  const Json& grid = json.at("grid");
  image.grid = {{grid.at("image_size").at(0).get<int>(), grid.at("image_size").at(1).get<int>()},
                {grid.at("input_size").at(0).get<int>(), grid.at("input_size").at(1).get<int>()},
                grid.at("size_px").get<int>(),
                grid.at("stride_px").get<int>(),
                grid.at("rows").get<int>(),
                grid.at("cols").get<int>()};
  image.chip_px = grid.at("chip_size_input_px").get<double>();
  image.stride_px = image.chip_px * image.grid.stride_px / image.grid.size_px;
  for (const Json& one : json.at("regions")) {
    Region region;
    region.label = one.at("label").get<int>();
    region.chips = one.at("chips").get<std::size_t>();
    region.area_px = one.at("area_px").get<std::uint64_t>();
    region.order = one.at("order").get<double>();
    region.mean_intensity = one.at("mean_intensity").get<double>();
    const auto embedding = one.at("embedding").get<std::vector<float>>();
    if (image.embeddings_RD.size() == 0)
      image.embeddings_RD.resize(static_cast<Eigen::Index>(json.at("regions").size()),
                                 static_cast<Eigen::Index>(embedding.size()));
    image.embeddings_RD.row(static_cast<Eigen::Index>(image.regions.size())) =
        Eigen::Map<const Eigen::RowVectorXf>(embedding.data(),
                                             static_cast<Eigen::Index>(embedding.size()));
    image.regions.push_back(region);
  }
  image.label_of_chip = json.at("label_of_chip").get<std::vector<int>>();
  image.order = json.at("order").get<std::vector<float>>();
  image.stability = json.at("stability").get<std::vector<float>>();
  if (image.order.size() != image.grid.chips() ||
      image.label_of_chip.size() != image.grid.chips() ||
      image.stability.size() != image.grid.chips())
    throw InputError("series/regions.json does not fit its own grid");
  const std::filesystem::path labels = folder / image.rule / "labels.tif";
  recognise_format(labels)
      .read({labels, 0, 0, std::uint64_t{1} << 40})
      .pixels.convertTo(image.labels, CV_16U);
  if (image.labels.size() != image.grid.input_size)
    throw InputError("labels.tif does not fit the image's grid");
  return image;
} catch (const nlohmann::json::exception& error) {
  throw InputError(folder.string() + " holds a damaged series/regions.json (" +
                   std::string(error.what()) + "): run again with --overwrite");
} catch (const InputError& error) {
  throw InputError(folder.string() + " holds no whole result to make a series of: " +
                   one_line(error) + "; run again with --overwrite");
}

}  // namespace metamict
