// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/composition_section.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/text.hpp"
#include "report/composition_numbers.hpp"
#include "report/pages/html_parts.hpp"
#include "report/region_map.hpp"

namespace metamict {

namespace {

using html::figure;

constexpr std::size_t most_elements = 9;  // in pictures; tables and files hold all

/// The elements by falling share of all counts; components stand in this order already.
std::vector<std::size_t> most_frequent(const ElementMaps& maps) {
  std::vector<std::pair<double, std::size_t>> counts;
  if (maps.spectra)
    for (std::size_t e = 0; e < maps.elements.size(); ++e) counts.emplace_back(0, e);
  else
    for (std::size_t e = 0; e < maps.elements.size(); ++e)
      counts.emplace_back(-cv::sum(maps.counts[e])[0], e);
  std::sort(counts.begin(), counts.end());
  std::vector<std::size_t> elements;
  for (const auto& [count, e] : counts)
    if (elements.size() < most_elements) elements.push_back(e);
  return elements;
}

/// A share with the digits that its error leaves: "0.253 ± 0.004".
std::string with_error(const Share& share) {
  const int digits =
      share.sd > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(share.sd))), 2, 5) : 3;
  return fixed(share.mean, digits) + " ± " + fixed(share.sd, digits);
}

Html table_of(const RuleResult& rule, const ElementMaps& maps) {
  std::vector<Html> head{"region"};
  for (const std::string& element : maps.elements) head.emplace_back(element);
  Html rows;
  for (const Region& region : rule.regions) {
    std::vector<Html> cells{html::swatch("region", region.label) +
                            (region.name.empty() ? "" : " " + region.name)};
    for (const Share& share : region.composition) cells.emplace_back(with_error(share));
    rows += html::table_row(cells);
  }
  return html::table(head, rows);
}

/// The same regions under the numbers, and so the colours, of the rule's regions that they have
/// most pixels in common with, the largest overlap first. What is left gets numbers of its own.
cv::Mat numbered_alike(const cv::Mat& labels, const cv::Mat& wanted) {
  std::map<std::pair<int, int>, std::size_t> common;
  int most = 0;
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      const int from = labels.at<std::uint16_t>(y, x), to = wanted.at<std::uint16_t>(y, x);
      if (from > 0 && to > 0) ++common[{from, to}];
      most = std::max({most, from, to});
    }
  std::vector<std::pair<std::size_t, std::pair<int, int>>> pairs;
  for (const auto& [pair, pixels] : common) pairs.emplace_back(pixels, pair);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::map<int, int> number{{0, 0}};
  std::set<int> taken;
  for (const auto& [pixels, pair] : pairs)
    if (!number.contains(pair.first) && taken.insert(pair.second).second)
      number[pair.first] = pair.second;
  cv::Mat result(labels.size(), CV_16U);
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      const int from = labels.at<std::uint16_t>(y, x);
      if (!number.contains(from)) number[from] = ++most;
      result.at<std::uint16_t>(y, x) = static_cast<std::uint16_t>(number.at(from));
    }
  return result;
}

RegionMap alone(const RuleResult& rule, const cv::Mat& drawn) {
  const cv::Mat labels = numbered_alike(drawn, rule.map.labels);
  RegionMap map;
  map.rule = rule.name;
  map.labels = labels;
  std::vector<std::uint64_t> areas(1, 0);  // unassigned pixels first
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      const std::size_t label = labels.at<std::uint16_t>(y, x);
      if (areas.size() <= label) areas.resize(label + 1, 0);
      ++areas[label];
    }
  map.unassigned_px = areas[0];
  for (std::size_t label = 1; label < areas.size(); ++label)
    if (areas[label] > 0) map.regions.push_back({static_cast<int>(label), areas[label], 0, {}});
  return map;
}

Html witnesses_of(const Result& result, const html::PanelImage& image) {
  const WitnessMaps& witnesses = *result.witnesses;
  if (witnesses.by_image.empty()) return {};
  const RuleResult& rule = result.primary_rule();
  return "<h3>What each witness says alone</h3>\n<div class=\"row three\">\n"_html +
         figure(html::region_panel(image, alone(rule, witnesses.by_image)),
                "<b>The micrograph</b>, rule <i>"_html + rule.name + "</i>"_html) +
         figure(html::region_panel(image, alone(rule, witnesses.by_maps)),
                "<b>The element maps</b>, rule <i>"_html + rule.name + "</i>"_html) +
         figure(html::value_panel(image, disagreement(result), 1, "where the two disagree"),
                "<b>Where they disagree</b>: the share of a chip's neighbours that only one of "
                "the two puts into the chip's region"_html +
                    html::colour_bar(1, "the disagreement")) +
         "</div>\n"_html;
}

/// The values of a colour bar's ends: round numbers about the lowest and the highest value.
std::pair<double, double> ends_of(const std::vector<float>& values, bool scores) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  constexpr double steps = 20;
  if (!scores)
    return {0, std::clamp(std::ceil(steps * static_cast<double>(*high)) / steps, 1 / steps, 1.0)};
  return {std::floor(steps * static_cast<double>(*low)) / steps,
          std::ceil(steps * static_cast<double>(*high) + 1e-9) / steps};
}

Html element_panels(const Result& result, const html::PanelImage& image) {
  const ElementMaps& maps = *result.micrograph.maps;
  const std::vector<std::vector<Share>> shares = chip_shares(result);
  const std::string what = maps.spectra ? "score" : "share";
  Html figures = "\n"_html;
  for (const std::size_t e : most_frequent(maps)) {
    std::vector<float> values;
    for (const std::vector<Share>& chip : shares)
      values.push_back(static_cast<float>(chip[e].mean));
    const auto [low, high] = ends_of(values, maps.spectra != nullptr);
    for (float& value : values) value -= static_cast<float>(low);
    const std::string& name = maps.elements[e];
    figures += figure(html::value_panel(image, values, high - low, "the " + what + " of " + name),
                      element("b", name) +
                          (maps.spectra ? ", score of a chip" : ", share of a chip's counts") +
                          html::colour_bar(high, "the " + what, low));
  }
  return element("div", {{"class", "row four"}}, figures) + "\n"_html;
}

/// What the components are: the regions' spectra by them, and each one's loadings.
Html spectrum_charts(const Result& result) {
  const ElementMaps& maps = *result.micrograph.maps;
  const SpectrumComponents& spectra = *maps.spectra;
  const bool in_keV = spectra.unit == "eV" && spectra.energy.back() > 5000;
  const std::string unit = in_keV ? "keV" : spectra.unit,
                    axis = unit.empty() ? std::string("channel") : "energy (" + unit + ")";
  const auto line_of = [&](const std::string& name, const std::vector<double>& values) {
    ChartLine line{name, {}, {}, false};
    for (std::size_t j = 0; j < values.size(); ++j)
      line.points.push_back({in_keV ? spectra.energy[j] / 1000 : spectra.energy[j], values[j], 0});
    return line;
  };
  Chart regions{"Spectra of the regions", axis, "share of the counts", {}, false},
      loadings{"Loadings of the components", axis, "loading", {}, false};
  for (const Region& region : result.primary_rule().regions) {
    if (regions.lines.size() == most_elements) break;
    regions.lines.push_back(
        line_of(region.name.empty() ? "region " + std::to_string(region.label) : region.name,
                spectrum_of(maps, region.composition)));
    regions.lines.back().colour = region_colour(region.label);
  }
  for (std::size_t k = 0; k < std::min(maps.elements.size(), most_elements); ++k) {
    loadings.lines.push_back(line_of(maps.elements[k], spectra.loadings[k]));
    loadings.lines.back().colour = region_colour(static_cast<int>(k) + 1);
  }
  return "<div class=\"row\">\n"_html +
         figure(draw_chart(regions),
                "<b>Spectra of the regions</b> as far as the components tell them; "
                "spectra.csv holds the numbers"_html) +
         figure(draw_chart(loadings),
                "<b>Loadings</b> of the principal components, with Poisson scaling: what a "
                "positive score has more of than the mean spectrum"_html) +
         "</div>\n"_html;
}

}  // namespace

Chart composition_chart(const Result& result) {
  const CompositionProfile profile = composition_profile(result);
  const std::optional<double> nm = result.micrograph.nm_per_pixel;
  Chart chart{"Composition along " + fixed(profile.direction_deg, 0) + "°",
              nm ? "position (nm)" : "position (px)",
              result.micrograph.maps->spectra ? "score" : "share of the counts",
              {}};
  for (const std::size_t e : most_frequent(*result.micrograph.maps)) {
    ChartLine line{result.micrograph.maps->elements[e],
                   region_colour(static_cast<int>(chart.lines.size()) + 1),
                   {}};
    for (const CompositionProfile::Slice& slice : profile.slices)
      line.points.push_back(
          {slice.position_px * nm.value_or(1), slice.shares[e].mean, slice.shares[e].sd});
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

Html composition_section(const Result& result, const html::PanelImage& image) {
  if (!result.micrograph.maps || !result.witnesses) return {};
  const WitnessMaps& witnesses = *result.witnesses;
  const char* const drawn = witnesses.evidence == Evidence::image
                                ? "The regions are the micrograph's; the element maps only tell "
                                  "what they are made of."
                            : witnesses.evidence == Evidence::maps
                                ? "The regions are those of the element maps alone."
                                : "The micrograph and the element maps both part regions.";
  Html text =
      "<h2>Composition</h2>\n"_html +
      element("p", std::string(drawn) + " The maps weigh " + fixed(witnesses.maps_weight, 2) +
                       " in the scores. " + fixed(100 * witnesses.reliability, 0) +
                       " % of the scatter between chips is composition, the rest is the "
                       "noise of counting.") +
      "\n"_html;
  const RuleResult& rule = result.primary_rule();
  const ElementMaps& maps = *result.micrograph.maps;
  text += element("h3", (maps.spectra ? "Mean score in each component, rule "
                                      : "Share of the counts, rule ") +
                            rule.name) +
          "\n"_html + table_of(rule, maps);
  if (maps.spectra) text += spectrum_charts(result);
  text +=
      "<div class=\"row\">\n"_html +
      figure(draw_chart(composition_chart(result)),
             "Across the image, along the direction in which composition changes most (clockwise "
             "from the image's x axis). Bars: the Poisson error of the counts"_html) +
      "</div>\n"_html;
  return text + element_panels(result, image) + witnesses_of(result, image);
}

}  // namespace metamict
