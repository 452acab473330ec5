// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/json_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "metamict/order.hpp"
#include "report/files/json_values.hpp"
#include "report/files/region_shape.hpp"

namespace metamict {

namespace {

constexpr int histogram_bins = 100;

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json image_json(const Result& result) {
  const Micrograph& micrograph = result.micrograph;
  const std::optional<Lattice>& lattice = result.chip_size.lattice;
  const std::optional<PixelSize> pixel = micrograph.pixel_size();
  return {{"path", clean_utf8(micrograph.path.string())},
          {"sha256", micrograph.sha256},
          {"dataset",
           micrograph.dataset.empty() ? Json(nullptr) : Json(clean_utf8(micrograph.dataset))},
          {"rows", micrograph.pixels.rows},
          {"cols", micrograph.pixels.cols},
          {"nm_per_pixel", or_null(micrograph.nm_per_pixel)},
          {"pixel_height_nm", pixel ? finite(pixel->height_nm) : Json(nullptr)},
          {"pixel_width_nm", pixel ? finite(pixel->width_nm) : Json(nullptr)},
          {"pixel_size_source", micrograph.pixel_size_source},
          {"lattice_period_px", lattice ? finite(lattice->period_px) : Json(nullptr)}};
}

/// Sizes in pixels of the input image, as every length of the report.
Json grid_json(const Result& result) {
  const ChipGrid& grid = result.grid;
  const double size_px = result.chip_size.size_px;
  return {{"size_px", size_px},    {"stride_px", size_px * grid.stride_px / grid.size_px},
          {"rows", grid.rows},     {"cols", grid.cols},
          {"chips", grid.chips()}, {"size_source", result.chip_size.source}};
}

Json encoder_json(const EncoderIdentity& encoder) {
  return {{"name", encoder.name},
          {"sha256", encoder.sha256},
          {"kind", encoder.kind},
          {"features", encoder.features},
          {"precision", encoder.precision},
          {"device", encoder.device},
          {"embedding", encoder.embedding},
          {"path", encoder.path},
          {"provenance", clean_utf8(encoder.provenance)}};
}

Json similarity_json(const Result& result) {
  const SimilarityStatistics& statistics = result.similarity.statistics;
  Json edges = Json::array();
  for (int i = 0; i <= histogram_bins; ++i)
    edges.push_back(static_cast<double>(i) / histogram_bins);
  Json errors;
  if (const auto& of = result.score_errors)
    errors = {
        {"mean", finite(of->mean)}, {"median", finite(of->median)}, {"mode", finite(of->mode)}};
  return {{"scale", name_of(result.similarity.scale)},
          {"pairs", statistics.pairs},
          {"standard_errors", std::move(errors)},
          {"mean", finite(statistics.mean)},
          {"median", finite(statistics.median)},
          {"mode", finite(result.mode)},
          {"min_cosine", finite(statistics.min_cosine)},
          {"max_cosine", finite(statistics.max_cosine)},
          {"histogram",
           {{"edges", std::move(edges)}, {"counts", histogram(statistics, histogram_bins)}}}};
}

Json graph_json(const Result& result) {
  Json json{{"kind", result.sampled ? "sample" : "exact"},
            {"chips_in_graph", result.similarity.nodes()}};
  if (const auto& reduction = result.embeddings.reduction)
    json["kept_of_embeddings"] = {{"directions", reduction->directions_KD.rows()},
                                  {"largest_cosine_error", finite(reduction->largest_error)},
                                  {"mean_cosine_error", finite(reduction->mean_error)}};
  return json;
}

/// Lengths in pixels, and in nm where the size of a pixel is known.
Json shape_json(const RegionShape& shape, const std::optional<double>& nm) {
  const auto length_nm = [&](double px) { return nm ? finite(px * *nm) : Json(nullptr); };
  return {{"perimeter_px", finite(shape.perimeter_px)},
          {"perimeter_nm", length_nm(shape.perimeter_px)},
          {"equivalent_diameter_px", finite(shape.equivalent_diameter_px)},
          {"equivalent_diameter_nm", length_nm(shape.equivalent_diameter_px)},
          {"major_axis_px", finite(shape.major_axis_px)},
          {"minor_axis_px", finite(shape.minor_axis_px)},
          {"aspect_ratio", finite(shape.aspect_ratio)},
          {"orientation_deg", finite(shape.orientation_deg)},
          {"solidity", finite(shape.solidity)}};
}

/// {element: {mean, sd}}, or null without element maps.
Json composition_json(const std::vector<Share>& shares) {
  if (shares.empty()) return nullptr;
  Json composition = Json::object();
  for (const Share& share : shares)
    composition[clean_utf8(share.element)] = {{"mean", finite(share.mean)},
                                              {"sd", finite(share.sd)}};
  return composition;
}

Json evidence_json(const std::optional<WitnessMaps>& witnesses) {
  constexpr std::array names = {"image", "maps", "both"};
  if (!witnesses) return {{"kind", "image"}, {"maps_weight", 0}, {"maps_reliability", nullptr}};
  return {{"kind", names[static_cast<std::size_t>(witnesses->evidence)]},
          {"maps_weight", finite(witnesses->maps_weight)},
          {"maps_reliability", finite(witnesses->reliability)}};
}

Json region_json(const Region& region, const RegionShape& shape, const std::optional<double>& nm) {
  return {
      {"label", region.label},
      {"chips", region.chips},
      {"area_px", region.area_px},
      {"area_nm2", or_null(region.area_nm2)},
      {"order", finite(region.order)},
      {"ordered", is_ordered(region.order)},
      {"mean_intensity", finite(region.mean_intensity)},
      {"confidence", region.confidence ? finite(*region.confidence) : Json(nullptr)},
      {"composition", composition_json(region.composition)},
      {"name", region.name.empty() ? Json(nullptr) : Json(clean_utf8(region.name))},
      {"centroid_px", {{"x", finite(region.centroid_px.x)}, {"y", finite(region.centroid_px.y)}}},
      {"shape", shape_json(shape, nm)}};
}

Json scores_json(const RuleResult& rule) {
  const auto count = static_cast<std::size_t>(rule.communities.count);
  const std::size_t shown = std::min<std::size_t>(count, reported_communities);
  Json rows = Json::array();
  for (std::size_t i = 0; i < shown; ++i) {
    Json row = Json::array();
    for (std::size_t j = 0; j < shown; ++j)
      row.push_back(finite(rule.community_scores[i * count + j]));
    rows.push_back(std::move(row));
  }
  return rows;
}

Json rule_json(const RuleResult& rule, const std::optional<double>& nm) {
  const std::vector<RegionShape> shapes = region_shapes(rule.map.labels, rule.regions.size());
  Json regions = Json::array();
  for (std::size_t i = 0; i < rule.regions.size(); ++i)
    regions.push_back(region_json(rule.regions[i], shapes[i], nm));
  const bool has_graph = rule.graph.has_value();
  const std::optional<double>& modularity = rule.communities.modularity;
  return {{"kind", rule.kind == RuleKind::threshold ? "threshold" : "derived"},
          {"cut", has_graph ? finite(rule.graph->cut.value) : Json(nullptr)},
          {"edges", has_graph ? Json(rule.graph->edges) : Json(nullptr)},
          {"components", has_graph ? Json(rule.graph->components) : Json(nullptr)},
          {"communities", rule.communities.count},
          {"modularity", modularity ? finite(*modularity) : Json(nullptr)},
          {"stability", finite(rule.communities.stability)},
          {"unassigned_px", rule.map.area_px.empty() ? 0 : rule.map.area_px.front()},
          {"community_of_label", rule.map.community_of_label},
          {"community_scores", scores_json(rule)},
          {"borders_in_doubt", rule.doubtful_borders},
          {"regions", std::move(regions)}};
}

}  // namespace

std::string json_report(const Result& result) {
  Json rules = Json::object();
  for (const RuleResult& rule : result.rules)
    rules[rule.name] = rule_json(rule, result.micrograph.nm_per_pixel);
  const Json report = {{"schema", "metamict-report/1"},
                       {"version", METAMICT_VERSION},
                       {"image", image_json(result)},
                       {"grid", grid_json(result)},
                       {"encoder", encoder_json(result.embeddings.encoder)},
                       {"similarity", similarity_json(result)},
                       {"graph", graph_json(result)},
                       {"evidence", evidence_json(result.witnesses)},
                       {"looks",
                        {{"count", result.looks.count},
                         {"kinds", result.looks.kinds},
                         {"agreement", finite(result.looks.agreement)}}},
                       {"primary", result.primary},
                       {"engine", result.engine},
                       {"rules", std::move(rules)},
                       {"notes", notes_json(result.notes)}};
  return report.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace metamict
