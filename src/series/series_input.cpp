// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/series_input.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/csv.hpp"
#include "base/gzip.hpp"
#include "base/text.hpp"
#include "base/text_file.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "metamict/series.hpp"
#include "series/layer_words.hpp"

namespace metamict {

namespace {

using Json = nlohmann::ordered_json;

double dose_of(const CsvTable& table, const std::string& text, const DoseAxis& axis,
               const std::string& where) {
  const std::optional<double> dose = table.number(text);
  const bool may_be_negative = axis.quantity != "dose" && axis.quantity != "fluence";
  if (!dose || (*dose < 0 && !may_be_negative))
    throw UsageError(
        where + ": the " + axis.quantity + " '" + text + "' is not a number" +
        (may_be_negative ? "" : " of 0 or more") +
        (text.find(',') == std::string::npos ? "" : ": write it with a decimal point"));
  return *dose;
}

CsvTable table_of(const std::filesystem::path& path, const std::string& what,
                  const std::string& columns) {
  const std::optional<std::string> text = text_of_file(path);
  if (!text)
    throw UsageError(what + " " + path.string() +
                     " cannot be read: give the path of an existing CSV file");
  CsvTable table = csv_table(*text);
  if (table.header.empty())
    throw UsageError(what + " " + path.string() + " is empty: its columns are " + columns);
  return table;
}

std::size_t column_of(const CsvTable& table, const std::string& name, const std::string& what,
                      const std::filesystem::path& path, const std::string& columns) {
  if (const auto column = table.column(name)) return *column;
  throw UsageError(what + " " + path.string() + " has no column named " + name +
                   ": its header is '" + table.header_text() + "' but " + columns + " are due");
}

/// The dose's column: the one asked for, else the first whose name starts with "dose".
std::size_t dose_column_of(const CsvTable& table, const std::string& asked,
                           const std::filesystem::path& path) {
  if (!asked.empty()) return column_of(table, asked, "series", path, "image and " + asked);
  for (std::size_t i = 0; i < table.header.size(); ++i)
    if (lower_case(table.header[i]).starts_with("dose")) return i;
  throw UsageError("series " + path.string() + " has no column named dose_dpa: its header is '" +
                   table.header_text() +
                   "' but image,dose_dpa are due; --dose-column takes another column");
}

}  // namespace

std::string DoseAxis::value(double dose) const {
  return shortest(dose) + (unit.empty() ? "" : " " + unit);
}

DoseAxis dose_axis(const std::string& column) {
  DoseAxis axis{column, column, ""};
  const std::size_t open = column.find_first_of("([");
  if (open != std::string::npos && open > 0) {
    const std::size_t close = column.find_first_of(")]", open);
    axis.quantity = column.substr(0, open);
    axis.unit = column.substr(open + 1, close == std::string::npos ? close : close - open - 1);
  } else if (const std::size_t line = column.find('_'); line != std::string::npos && line > 0) {
    axis.quantity = column.substr(0, line);
    axis.unit = column.substr(line + 1);
    std::replace(axis.unit.begin(), axis.unit.end(), '_', ' ');
  }
  axis.quantity = lower_case(axis.quantity);
  axis.quantity.erase(axis.quantity.find_last_not_of(" _") + 1);
  return axis;
}

SeriesTable read_series_csv(const std::filesystem::path& path, const std::string& dose_column) {
  const std::string columns = "image,dose_dpa";
  const CsvTable table = table_of(path, "series", columns);
  const std::size_t image = column_of(table, "image", "series", path, columns);
  const std::size_t dose = dose_column_of(table, dose_column, path);
  const auto name = table.column("name"), pixel_size = table.column("pixel_size");
  SeriesTable series;
  series.axis = dose_axis(table.header[dose]);
  for (const CsvTable::Row& row : table.rows) {
    const std::string where = "series " + path.string() + ", line " + std::to_string(row.line);
    const std::string& file = CsvTable::cell(row, image);
    if (file.empty() || CsvTable::cell(row, dose).empty())
      throw UsageError(where + ": an image and a " + series.axis.quantity + " are due");
    SeriesEntry entry;
    entry.image = path.parent_path() / file;
    entry.dose = dose_of(table, CsvTable::cell(row, dose), series.axis, where);
    entry.name = file;
    if (name) entry.folder = CsvTable::cell(row, *name);
    if (pixel_size) entry.pixel_size = table.with_point(CsvTable::cell(row, *pixel_size));
    for (std::size_t i = 0; i < table.header.size(); ++i)
      if (i != image && i != dose)
        entry.columns.emplace_back(table.header[i], CsvTable::cell(row, i));
    series.entries.push_back(std::move(entry));
  }
  if (series.entries.empty()) throw UsageError("series " + path.string() + " names no image");
  return series;
}

std::vector<LayerOfLabel> read_layers_csv(const std::filesystem::path& path) {
  const std::string columns = "image, layer, and label or x_px,y_px";
  const CsvTable table = table_of(path, "layers", columns);
  const std::size_t layer = column_of(table, "layer", "layers", path, columns);
  const auto image = table.column("image"), label = table.column("label"), x = table.column("x_px"),
             y = table.column("y_px");
  if (!label && !(x && y))
    throw UsageError("layers " + path.string() + " has neither a column label nor x_px and y_px: " +
                     "its header is '" + table.header_text() + "'");
  std::vector<LayerOfLabel> layers;
  for (const CsvTable::Row& row : table.rows) {
    const std::string where = "layers " + path.string() + ", line " + std::to_string(row.line);
    LayerOfLabel one;
    one.word = lower_case(CsvTable::cell(row, layer));
    const std::optional<Layer> known = layer_of_word(one.word);
    if (!known)
      throw UsageError(where + ": the layer '" + CsvTable::cell(row, layer) +
                       "' is not known: give cap, film, substrate, vacuum or ignore");
    one.layer = *known;
    if (image) one.image = CsvTable::cell(row, *image);
    const auto value = [&](std::optional<std::size_t> column) {
      return column ? table.number(CsvTable::cell(row, *column)) : std::nullopt;
    };
    const auto number = value(label), at_x = value(x), at_y = value(y);
    if (number && *number >= 1 && *number <= 65535 && *number == std::floor(*number))
      one.label = static_cast<int>(*number);
    else if (at_x && at_y)
      one.point_px = cv::Point2d(*at_x, *at_y);
    else
      throw UsageError(where + ": give a label from 1 to 65535, or x_px and y_px");
    if (one.point_px && one.image.empty())
      throw UsageError(where + ": a point needs the image that it lies in");
    layers.push_back(std::move(one));
  }
  return layers;
}

namespace {

/// To four decimals: a large image has a million chips.
double rounded(float value) { return std::round(1e4 * static_cast<double>(value)) / 1e4; }

}  // namespace

std::string regions_json(const Result& result) {
  const RuleResult& rule = result.primary_rule();
  const auto nodes = static_cast<Eigen::Index>(result.grid.chips());
  const Eigen::Index features = result.embeddings.rows_ND.cols();
  RowMatrixXf mean = RowMatrixXf::Zero(static_cast<Eigen::Index>(rule.regions.size()), features);
  Json label_of_chip = Json::array(), order = Json::array(), stability = Json::array();
  for (Eigen::Index node = 0; node < nodes; ++node) {
    const auto i = static_cast<std::size_t>(node);
    const int label = metamict::label_of_chip(rule.map, rule.communities, i);
    if (label > 0) mean.row(label - 1) += result.embeddings.rows_ND.row(node);
    label_of_chip.push_back(label);
    order.push_back(rounded(result.order[i]));
    const float runs = rule.communities.node_stability[i];
    stability.push_back(rounded(rule.agreement.empty() ? runs : std::min(runs, rule.agreement[i])));
  }
  mean = in_all_features(result.embeddings, mean);
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
                  {"origin", {grid.origin.x, grid.origin.y}},
                  {"chip_size_input_px", result.chip_size.size_px}};
  json["regions"] = Json::array();
  for (const Region& region : rule.regions) {
    Json embedding = Json::array();
    auto row = mean.row(region.label - 1);
    row /= std::max(row.norm(), 1e-20F);
    for (Eigen::Index f = 0; f < features; ++f)
      embedding.push_back(std::round(1e6 * static_cast<double>(row[f])) / 1e6);
    json["regions"].push_back({{"label", region.label},
                               {"chips", region.chips},
                               {"area_px", region.area_px},
                               {"order", region.order},
                               {"mean_intensity", region.mean_intensity},
                               {"embedding", std::move(embedding)}});
    if (region.confidence) json["regions"].back()["confidence"] = *region.confidence;
    if (!region.name.empty()) json["regions"].back()["name"] = region.name;
  }
  json["label_of_chip"] = std::move(label_of_chip);
  json["order"] = std::move(order);
  json["stability"] = std::move(stability);
  return json.dump() + "\n";
}

SegmentedImage read_segmented(const std::filesystem::path& folder, const SeriesEntry& entry) try {
  const std::optional<std::string> packed = text_of_file(folder / "regions.json.gz");
  if (!packed) throw InputError("regions.json.gz is missing");
  const Json json = Json::parse(gunzipped(*packed));
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
  if (grid.contains("origin"))
    image.grid.origin = {grid.at("origin").at(0).get<int>(), grid.at("origin").at(1).get<int>()};
  image.chip_px = grid.at("chip_size_input_px").get<double>();
  image.stride_px = image.chip_px * image.grid.stride_px / image.grid.size_px;
  for (const Json& one : json.at("regions")) {
    Region region;
    region.label = one.at("label").get<int>();
    region.chips = one.at("chips").get<std::size_t>();
    region.area_px = one.at("area_px").get<std::uint64_t>();
    region.order = one.at("order").get<double>();
    region.mean_intensity = one.at("mean_intensity").get<double>();
    region.name = one.value("name", "");
    if (one.contains("confidence")) region.confidence = one.at("confidence").get<double>();
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
    throw InputError("regions.json.gz does not fit its own grid");
  const std::filesystem::path labels = folder / image.rule / "labels.tif";
  recognise_format(labels)
      .read({labels, 0, 0, std::uint64_t{1} << 40})
      .pixels.convertTo(image.labels, CV_16U);
  const cv::Size needed = image.grid.input_size + cv::Size(image.grid.origin);
  if (image.labels.cols < needed.width || image.labels.rows < needed.height)
    throw InputError("labels.tif does not fit the image's grid");
  return image;
} catch (const nlohmann::json::exception& error) {
  throw InputError(folder.string() + " holds a damaged regions.json.gz (" +
                   std::string(error.what()) + "): run again with --overwrite");
} catch (const InputError& error) {
  throw InputError(folder.string() + " holds no whole result to make a series of: " +
                   one_line(error) + "; run again with --overwrite");
}

}  // namespace metamict
