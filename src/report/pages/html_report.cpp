// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/html_report.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "metamict/order.hpp"
#include "report/pages/composition_section.hpp"
#include "report/pages/html_parts.hpp"
#include "report/pages/panels.hpp"

namespace metamict {

namespace {

using html::fact;
using html::figure;
using html::small;

const Html times = " × ";

html::PanelImage image_of(const Result& result) {
  return {result.micrograph, result.grid, "micrograph"};
}

/// Four significant digits at most, without trailing zeros: 64, 0.0244, 1.562, 14093.
std::string readable(double value) {
  if (!std::isfinite(value)) return "–";
  return std::abs(value) >= 1000 ? fixed(value, 0) : significant(value, 4);
}

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }

Html with_nm(double pixels, std::optional<double> nm_per_pixel) {
  const Html text = readable(pixels) + " px";
  if (!nm_per_pixel) return text;
  return text + " " + small("(" + readable(pixels * *nm_per_pixel) + " nm)");
}

Html rows_times_cols(const std::string& rows, const std::string& cols) {
  return rows + times + cols;
}

Html image_facts(const Micrograph& micrograph) {
  const cv::Size size = micrograph.pixels.size();
  const std::optional<PixelSize> pixel = micrograph.pixel_size();
  Html pixels = rows_times_cols(std::to_string(size.height), std::to_string(size.width));
  pixels += " px "_html + small("(rows × columns)");
  if (!micrograph.dataset.empty()) pixels += "<br>"_html + small("dataset " + micrograph.dataset);
  Html text = fact("image", pixels);
  if (!pixel) return text + fact("pixel size", "not known");
  const Html edges = micrograph.pixel_aspect == 1
                         ? Html(readable(pixel->width_nm))
                         : rows_times_cols(readable(pixel->height_nm), readable(pixel->width_nm));
  text += fact("pixel size", edges + " nm " + small("(" + micrograph.pixel_size_source + ")"));
  const Html field = rows_times_cols(readable(size.height * pixel->height_nm),
                                     readable(size.width * pixel->width_nm));
  return text + fact("field of view", field + " nm");
}

Html chip_facts(const Result& result) {
  const std::optional<double> nm = result.micrograph.nm_per_pixel;
  const std::optional<Lattice>& lattice = result.chip_size.lattice;
  const ChipGrid& grid = result.grid;
  const double chip_px = result.chip_size.size_px;
  const Html rows_cols = rows_times_cols(std::to_string(grid.rows), std::to_string(grid.cols));
  std::string source = result.chip_size.source;
  if (lattice) source += ", " + readable(chip_px / lattice->period_px) + " periods an edge";
  return fact("lattice period", lattice ? with_nm(lattice->period_px, nm) : "none measured") +
         fact("chips", with_thousands(grid.chips()) + " " + small("(" + rows_cols + ")")) +
         fact("chip size", with_nm(chip_px, nm) + "<br>"_html + small(source)) +
         fact("stride", with_nm(chip_px * grid.stride_px / grid.size_px, nm));
}

Html header(const Result& result) {
  const EncoderIdentity& encoder = result.embeddings.encoder;
  const Html facts = image_facts(result.micrograph) + chip_facts(result) +
                     fact("encoder", encoder.name + " " + small("(" + encoder.kind + ")"));
  return "<header>"_html + element("h1", result.micrograph.path.filename().string()) +
         "\n<p class=\"lead\">Regions of like structure, found without labels.</p>\n"_html +
         "<dl class=\"facts\">\n"_html + facts + "</dl></header>\n"_html;
}

/// The top of a colour bar: the largest value, up to the next fifth.
double bar_top(std::span<const float> values) {
  const float largest = *std::max_element(values.begin(), values.end());
  return std::clamp(std::ceil(5 * largest - 1e-6) / 5, 0.2, 1.0);
}

Html first_look(const Result& result) {
  const html::PanelImage image = image_of(result);
  const RuleResult& rule = result.primary_rule();
  const double top = bar_top(result.order);
  return "<h2>Micrograph, regions, lattice order</h2>\n<div class=\"row three\">\n"_html +
         figure(html::micrograph_panel(image), "<b>Micrograph</b>"_html) +
         figure(html::region_panel(image, region_map(rule)),
                "<b>Regions</b>, rule <i class=\"rule\">"_html + rule.name +
                    "</i>, numbered by falling area"_html) +
         figure(html::value_panel(image, result.order, top, "the lattice-order index"),
                "<b>Lattice order</b>: 0 amorphous, 1 a perfect crystal"_html +
                    html::colour_bar(top, "the lattice-order index")) +
         "</div>\n"_html;
}

Html rule_caption(const RuleResult& rule) {
  Html text = element("b", rule.name);
  if (rule.graph)
    text += ", score ≥ " + fixed(rule.graph->cut.value, 3) + ", " +
            with_thousands(rule.graph->edges) + " edges";
  else
    text += ", derived from other rules";
  text += "<br>"_html + std::to_string(rule.regions.size());
  text += rule.regions.size() == 1 ? " region" : " regions";
  if (const std::optional<double>& modularity = rule.communities.modularity)
    text += ", modularity " + fixed(*modularity, 3);
  return text + ", stability " + fixed(rule.communities.stability, 2);
}

Html rules(const Result& result) {
  Html figures = "\n"_html;
  for (const RuleResult& rule : result.rules)
    figures += figure(html::region_panel(image_of(result), region_map(rule)), rule_caption(rule));
  const std::string row = result.rules.size() > 3 ? "row four" : "row three";
  return "<h2>The rules</h2>\n"
         "<p>Chips are joined where their similarity score reaches the cut, and the groups of the "
         "graph are the regions; a higher cut separates finer differences.</p>\n"_html +
         element("div", {{"class", row}}, figures) + "\n"_html;
}

Html graphs(const Result& result, const ReportPictures& pictures) {
  const std::string pairs = with_thousands(result.similarity.statistics.pairs);
  Html text = "<h2>Similarity and its graph</h2>\n<div class=\"row\">\n"_html;
  Html caption = "<b>Similarity</b> of "_html + pairs + " pairs of chips, with the cuts";
  if (const auto& errors = result.score_errors)
    caption += "; these chips are a sample, whose mean has a standard error of " +
               significant(errors->mean, 2) + ", the median of " + significant(errors->median, 2) +
               ", the mode of " + significant(errors->mode, 2);
  text += figure(
      html::picture(pictures.similarity, "distribution of the similarity scores with the cuts"),
      caption);
  if (!pictures.graph.empty())
    text += figure(
        html::picture(pictures.graph, "the similarity graph of the rule " + pictures.graph_rule),
        "<b>Graph</b> of the rule <i>"_html + pictures.graph_rule +
            "</i>, like chips near each other"_html);
  return text + "</div>\n"_html;
}

Html region_row(const RuleResult& rule, const Region& region, bool calibrated) {
  const double total = static_cast<double>(rule.map.labels.total());
  const char* const state = is_ordered(region.order) ? "ordered" : "disordered";
  std::vector<Html> cells{
      html::swatch("region", region.label) + (region.name.empty() ? "" : " " + region.name),
      percent(static_cast<double>(region.area_px) / total), with_thousands(region.area_px)};
  if (calibrated) cells.emplace_back(region.area_nm2 ? readable(*region.area_nm2) : "–");
  if (region.confidence) cells.emplace_back(fixed(*region.confidence, 2));
  cells.emplace_back(with_thousands(region.chips));
  cells.emplace_back(fixed(region.order, 3) + " " + small(state));
  cells.emplace_back(readable(region.mean_intensity));
  cells.emplace_back(fixed(region.centroid_px.x, 0) + ", " + fixed(region.centroid_px.y, 0));
  return html::table_row(cells);
}

Html region_table(const Result& result, const RuleResult& rule) {
  const bool calibrated = result.micrograph.nm_per_pixel.has_value();
  std::vector<Html> head{"region", "share", "area (px)"};
  if (calibrated) head.emplace_back("area (nm²)");
  if (!rule.regions.empty() && rule.regions.front().confidence) head.emplace_back("confidence");
  head.insert(head.end(), {"chips", "order", "mean grey", "centroid x, y (px)"});
  Html rows;
  for (const Region& region : rule.regions) rows += region_row(rule, region, calibrated);
  const Html text = html::table(head, rows);
  const auto unassigned = static_cast<double>(rule.map.area_px.front());
  if (unassigned == 0) return text;
  const double share = unassigned / static_cast<double>(rule.map.labels.total());
  return text + element("p", "Unassigned: " + percent(share) + " of the area.") + "\n"_html;
}

Html regions(const Result& result) {
  const auto part = [&](const RuleResult& rule) {
    return element("h3", "Rule " + rule.name) + "\n"_html + region_table(result, rule);
  };
  const RuleResult& primary = result.primary_rule();
  Html text = "<h2>Regions</h2>\n"_html + part(primary);
  for (const RuleResult& rule : result.rules)
    if (&rule != &primary) text += part(rule);
  return text;
}

/// How far the looks at the image agree, in place of the runs' stability where there are looks.
Html agreement(const Result& result, const RuleResult& rule) {
  std::string kinds;
  for (const std::string& kind : result.looks.kinds) kinds += (kinds.empty() ? "" : ", ") + kind;
  const Html map = html::value_panel(image_of(result), rule.agreement, 1,
                                     "the agreement of the looks at the image");
  return "<h2>Confidence</h2>\n<div class=\"row three\">\n"_html +
         figure(map, "<b>Agreement</b>, rule <i>"_html + rule.name +
                         "</i>: the share of looks that give a chip the same region"_html +
                         html::colour_bar(1, "the agreement")) +
         "<div class=\"words\"><p>The image was looked at again "_html +
         std::to_string(result.looks.count) + " times in ways that must not matter (" + kinds +
         "). A region's confidence is the share of looks in which it comes again: a region of the "
         "look covers it with an intersection over union of at least 0.75. A border is dashed "
         "where more than "
         "a third of the looks see one region on both of its sides.</p>\n<p>Mean agreement: "_html +
         element("b", fixed(result.looks.agreement, 3)) +
         ". Agreement of the community search's "
         "runs from different seeds: "_html +
         fixed(rule.communities.stability, 3) + " (adjusted Rand index).</p></div>\n</div>\n"_html;
}

Html stability(const Result& result) {
  const RuleResult& rule = result.primary_rule();
  if (!rule.agreement.empty()) return agreement(result, rule);
  const Html map = html::value_panel(image_of(result), rule.communities.node_stability, 1,
                                     "the stability of the regions");
  return "<h2>Stability</h2>\n<div class=\"row three\">\n"_html +
         figure(map, "<b>Stability</b>, rule <i>"_html + rule.name +
                         "</i>: the share of runs that agree with the map at each chip"_html +
                         html::colour_bar(1, "the stability")) +
         "<div class=\"words\"><p>Communities are found several times from different seeds; the "
         "map "
         "shows the best run. Where runs disagree the border between regions is a matter of "
         "chance.</p>\n<p>Mean agreement of the runs with the map: "_html +
         element("b", fixed(rule.communities.stability, 3)) +
         " (adjusted Rand index).</p></div>\n</div>\n"_html;
}

Html provenance(const Result& result) {
  const EncoderIdentity& encoder = result.embeddings.encoder;
  const std::string path = shell_quoted(result.micrograph.path.string());
  return "<h2>How this was made</h2>\n"
         "<p>The same result again, with run.toml from the folder above this page:</p>\n"_html +
         element("pre", "metamict segment --config run.toml " + path) +
         "\n<dl class=\"facts\">\n"_html + fact("encoder", encoder.name) +
         fact("runs on", encoder.path + ", " + encoder.device + ", " + encoder.precision) +
         fact("embedding",
              encoder.embedding + ", " + std::to_string(encoder.features) + " features") +
         fact("communities found by", result.engine) + "</dl>\n"_html +
         element("p", encoder.provenance) + "\n<p><small>SHA-256 of the image: "_html +
         element("code", result.micrograph.sha256) + "<br>SHA-256 of the encoder: "_html +
         element("code", encoder.sha256) + "</small></p>\n"_html;
}

}  // namespace

const RuleResult* graph_rule(const Result& result) {
  if (result.rules.empty()) return nullptr;
  if (const RuleResult& primary = result.primary_rule(); primary.graph) return &primary;
  const auto last = std::find_if(result.rules.rbegin(), result.rules.rend(),
                                 [](const RuleResult& rule) { return rule.graph.has_value(); });
  return last == result.rules.rend() ? nullptr : &*last;
}

std::string html_report(const Result& result, const ReportPictures& pictures) {
  const Html maps = html::open_maps(result.grid, result.order) + first_look(result) + rules(result);
  const Html body = html::define_micrograph(image_of(result)) + header(result) +
                    html::notes(result.notes) + maps + "</section>\n"_html +
                    graphs(result, pictures) + regions(result) +
                    composition_section(result, image_of(result)) + stability(result) +
                    provenance(result) + html::footer();
  const std::string name = clean_utf8(result.micrograph.path.filename().string());
  return html::page(name + " – metamict", body, {.script = true});
}

}  // namespace metamict
