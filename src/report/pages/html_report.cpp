// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/html_report.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "metamict/order.hpp"
#include "report/pages/html_parts.hpp"
#include "report/pictures/colours.hpp"

namespace metamict {

namespace {

constexpr const char* micrograph_id = "micrograph";

const RuleResult& primary_rule(const Result& result) {
  const auto found = std::find_if(result.rules.begin(), result.rules.end(),
                                  [&](const RuleResult& rule) { return rule.name == result.primary; });
  return found != result.rules.end() ? *found : result.rules.back();
}

/// Four significant digits at most, without trailing zeros: 64, 0.0244, 1.562, 14093.
std::string readable(double value) {
  if (!std::isfinite(value)) return "–";
  return std::abs(value) >= 1000 ? fixed(value, 0) : significant(value, 4);
}

std::string with_nm(double pixels, std::optional<double> nm_per_pixel) {
  return readable(pixels) + " px" +
         (nm_per_pixel ? " <small>(" + readable(pixels * *nm_per_pixel) + " nm)</small>" : "");
}

std::string fact(std::string_view name, std::string_view value) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + std::string(value) + "</dd></div>\n";
}

std::string header(const Result& result) {
  const Micrograph& micrograph = result.micrograph;
  const std::optional<double> nm = micrograph.nm_per_pixel;
  const cv::Size size = micrograph.pixels.size();
  const ChipGrid& grid = result.grid;
  const std::optional<Lattice>& lattice = result.chip_size.lattice;
  const double chip_px = result.chip_size.size_px;
  const std::string times = " × ";
  std::string text =
      "<header><h1>" + escaped(micrograph.path.filename().string()) +
      "</h1>\n<p class=\"lead\">Regions of like structure, found without labels.</p>\n<dl class=\"facts\">\n";
  text +=
      fact("image",
           std::to_string(size.height) + times + std::to_string(size.width) + " px <small>(rows × columns)</small>" +
               (micrograph.dataset.empty() ? "" : "<br><small>dataset " + escaped(micrograph.dataset) + "</small>"));
  text += fact("pixel size", nm ? readable(*nm) + " nm <small>(" + escaped(micrograph.pixel_size_source) + ")</small>"
                                : std::string("not known"));
  if (nm) text += fact("field of view", readable(size.height * *nm) + times + readable(size.width * *nm) + " nm");
  text += fact("lattice period", lattice ? with_nm(lattice->period_px, nm) : std::string("none measured"));
  text += fact("chips", with_thousands(grid.chips()) + " <small>(" + std::to_string(grid.rows) + times +
                            std::to_string(grid.cols) + ")</small>");
  text += fact("chip size", with_nm(chip_px, nm) + "<br><small>" + escaped(result.chip_size.source) +
                                (lattice ? ", " + readable(chip_px / lattice->period_px) + " periods an edge" : "") +
                                "</small>");
  text += fact("stride", with_nm(chip_px * grid.stride_px / grid.size_px, nm));
  text += fact("encoder", escaped(result.embeddings.encoder.name) + " <small>(" +
                              escaped(result.embeddings.encoder.kind) + ")</small>");
  return text + "</dl></header>\n";
}

std::string notes(const Notes& list) {
  if (list.empty()) return {};
  std::string text = "<section class=\"notes\"><h2>Notes</h2><ul>\n";
  for (const std::string& note : list) text += "<li>" + escaped(note) + "</li>\n";
  return text + "</ul></section>\n";
}

/// The top of a colour bar: the largest value, up to the next fifth.
double bar_top(std::span<const float> values) {
  const float largest = *std::max_element(values.begin(), values.end());
  return std::clamp(std::ceil(5 * largest - 1e-6) / 5, 0.2, 1.0);
}

std::string first_look(const Result& result) {
  const RuleResult& rule = primary_rule(result);
  const double top = bar_top(result.order);
  return "<h2>Micrograph, regions, lattice order</h2>\n<div class=\"row three\">\n" +
         html::figure(html::micrograph_panel(result.micrograph, micrograph_id), "<b>Micrograph</b>") +
         html::figure(
             html::overlay_panel(result.micrograph, micrograph_id, rule),
             "<b>Regions</b>, rule <i class=\"rule\">" + escaped(rule.name) + "</i>, numbered by falling area") +
         html::figure(html::value_panel(result, result.order, top, "the lattice-order index"),
                      "<b>Lattice order</b>: 0 amorphous, 1 a perfect crystal" +
                          html::colour_bar(top, "the lattice-order index")) +
         "</div>\n";
}

std::string rule_caption(const RuleResult& rule) {
  std::string text = "<b>" + escaped(rule.name) + "</b>";
  if (!rule.graph)
    text += ", derived from other rules";
  else
    text += ", score ≥ " + fixed(rule.graph->cut.value, 3) + ", " + with_thousands(rule.graph->edges) + " edges";
  text += "<br>" + std::to_string(rule.regions.size()) + (rule.regions.size() == 1 ? " region" : " regions");
  if (rule.communities.modularity) text += ", modularity " + fixed(*rule.communities.modularity, 3);
  return text + ", stability " + fixed(rule.communities.stability, 2);
}

std::string cuts(const Result& result) {
  std::string text =
      "<h2>The rules</h2>\n<p>Chips are joined where their similarity score reaches the cut, and the groups of the "
      "graph are the regions; a higher cut separates finer differences.</p>\n<div class=\"row " +
      std::string(result.rules.size() > 3 ? "four" : "three") + "\">\n";
  for (const RuleResult& rule : result.rules)
    text += html::figure(html::overlay_panel(result.micrograph, micrograph_id, rule), rule_caption(rule));
  return text + "</div>\n";
}

std::string graphs(const Result& result, const ReportPictures& pictures) {
  std::string text = "<h2>Similarity and its graph</h2>\n<div class=\"row\">\n";
  text += html::figure(
      html::picture(pictures.similarity, "distribution of the similarity scores with the cuts"),
      "<b>Similarity</b> of " + with_thousands(result.similarity.statistics.pairs) + " pairs of chips, with the cuts");
  if (!pictures.graph.empty())
    text += html::figure(
        html::picture(pictures.graph, "the similarity graph of the rule " + pictures.graph_rule),
        "<b>Graph</b> of the rule <i>" + escaped(pictures.graph_rule) + "</i>, like chips near each other");
  return text + "</div>\n";
}

std::string region_row(const RuleResult& rule, const Region& region, bool calibrated) {
  const double share = static_cast<double>(region.area_px) / static_cast<double>(rule.map.labels.total());
  const auto cell = [](const std::string& value) { return "<td>" + value + "</td>"; };
  const Colour colour = region_colour(region.label);
  return "<tr><td><svg class=\"swatch\" viewBox=\"0 0 26 18\" role=\"img\" aria-label=\"region " +
         std::to_string(region.label) + "\"><rect width=\"26\" height=\"18\" fill=\"" + hex(colour) +
         "\"/><text x=\"13\" y=\"13.5\" font-size=\"12\" font-weight=\"bold\" text-anchor=\"middle\" fill=\"" +
         hex(ink_on(colour)) + "\">" + std::to_string(region.label) + "</text></svg></td>" +
         cell(fixed(100 * share, 1) + " %") + cell(with_thousands(region.area_px)) +
         (calibrated ? cell(region.area_nm2 ? readable(*region.area_nm2) : "–") : "") +
         cell(with_thousands(region.chips)) +
         cell(fixed(region.order, 3) + " <small>" + (is_ordered(region.order) ? "ordered" : "disordered") +
              "</small>") +
         cell(readable(region.mean_intensity)) +
         cell(fixed(region.centroid_px.x, 0) + ", " + fixed(region.centroid_px.y, 0)) + "</tr>\n";
}

std::string region_table(const Result& result, const RuleResult& rule) {
  const bool calibrated = result.micrograph.nm_per_pixel.has_value();
  std::string text =
      std::string("<div class=\"scroll\"><table><thead><tr><th>region</th><th>share</th><th>area (px)</th>") +
      (calibrated ? "<th>area (nm²)</th>" : "") +
      "<th>chips</th><th>order</th><th>mean grey</th><th>centroid x, y (px)</th></tr></thead><tbody>\n";
  for (const Region& region : rule.regions) text += region_row(rule, region, calibrated);
  text += "</tbody></table></div>\n";
  const std::uint64_t unassigned = rule.map.area_px.front();
  if (unassigned > 0)
    text += "<p>Unassigned: " +
            fixed(100 * static_cast<double>(unassigned) / static_cast<double>(rule.map.labels.total()), 1) +
            " % of the area.</p>\n";
  return text;
}

std::string regions(const Result& result) {
  const RuleResult& primary = primary_rule(result);
  std::string text = "<h2>Regions</h2>\n<h3>Rule " + escaped(primary.name) + "</h3>\n" + region_table(result, primary);
  for (const RuleResult& rule : result.rules)
    if (&rule != &primary) text += "<h3>Rule " + escaped(rule.name) + "</h3>\n" + region_table(result, rule);
  return text;
}

std::string stability(const Result& result) {
  const RuleResult& rule = primary_rule(result);
  return "<h2>Stability</h2>\n<div class=\"row three\">\n" +
         html::figure(html::value_panel(result, rule.communities.node_stability, 1, "the stability of the regions"),
                      "<b>Stability</b>, rule <i>" + escaped(rule.name) +
                          "</i>: the share of runs that agree with the map at each chip" +
                          html::colour_bar(1, "the stability")) +
         "<div class=\"words\"><p>Communities are found several times from different seeds; the map shows the best "
         "run. Where runs disagree the border between regions is a matter of chance.</p>\n"
         "<p>Mean agreement of the runs with the map: <b>" +
         fixed(rule.communities.stability, 3) + "</b> (adjusted Rand index).</p></div>\n</div>\n";
}

std::string provenance(const Result& result) {
  const EncoderIdentity& encoder = result.embeddings.encoder;
  const auto row = [](std::string_view name, const std::string& value) { return fact(name, escaped(value)); };
  return "<h2>How this was made</h2>\n<p>The same result again, with run.toml from the folder above this "
         "page:</p>\n<pre>metamict segment --config run.toml " +
         escaped(shell_quoted(result.micrograph.path.string())) + "</pre>\n<dl class=\"facts\">\n" +
         row("encoder", encoder.name) +
         row("runs on", encoder.path + ", " + encoder.device + ", " + encoder.precision) +
         row("embedding", encoder.embedding + ", " + std::to_string(encoder.features) + " features") +
         row("communities found by", result.engine) + "</dl>\n<p>" + escaped(encoder.provenance) +
         "</p>\n<p><small>SHA-256 of the image: <code>" + escaped(result.micrograph.sha256) +
         "</code><br>SHA-256 of the encoder: <code>" + escaped(encoder.sha256) + "</code></small></p>\n";
}

}  // namespace

const RuleResult* graph_rule(const Result& result) {
  if (result.rules.empty()) return nullptr;
  if (const RuleResult& primary = primary_rule(result); primary.graph) return &primary;
  const auto last = std::find_if(result.rules.rbegin(), result.rules.rend(),
                                 [](const RuleResult& rule) { return rule.graph.has_value(); });
  return last == result.rules.rend() ? nullptr : &*last;
}

std::string html_report(const Result& result, const ReportPictures& pictures) {
  const std::string body =
      html::define_micrograph(result.micrograph, micrograph_id) + header(result) + notes(result.notes) +
      html::open_maps(result.grid, result.order) + first_look(result) + cuts(result) + "</section>\n" +
      graphs(result, pictures) + regions(result) + stability(result) + provenance(result) +
      "<footer>Made by metamict " METAMICT_VERSION ". Method: Ter-Petrosyan et al. (2023).</footer>\n";
  return html::page(clean_utf8(result.micrograph.path.filename().string()) + " – metamict", body, {.script = true});
}

}  // namespace metamict
