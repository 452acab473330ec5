// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/composition_numbers.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/csv.hpp"
#include "base/text.hpp"
#include "report/files/chips_csv.hpp"

namespace metamict {

namespace {

/// The middles of the maps' pixels that lie on the image, and their counts.
struct CountedPlace {
  cv::Point2d at_px;
  CountedPart counts;
};

/// At most so many places a side: what a direction and slices need.
constexpr int most_places = 256;

std::vector<CountedPlace> places_of(const Result& result) {
  const ElementMaps& maps = *result.micrograph.maps;
  const cv::Size image = result.micrograph.pixels.size();
  const cv::Rect2d field = maps.field & cv::Rect2d({}, cv::Size2d(image));
  const double wanted_x = maps.field.width / maps.counts[0].cols,
               wanted_y = maps.field.height / maps.counts[0].rows;
  const int cols = std::clamp(cvRound(field.width / wanted_x), 1, most_places),
            rows = std::clamp(cvRound(field.height / wanted_y), 1, most_places);
  std::vector<CountedPlace> places;
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      const cv::Rect2d cell(field.x + field.width * col / cols, field.y + field.height * row / rows,
                            field.width / cols, field.height / rows);
      places.push_back({{cell.x + cell.width / 2, cell.y + cell.height / 2}, maps.counts_in(cell)});
    }
  return places;
}

struct Slices {
  double first = 0, step = 1;
  std::vector<CountedPart> counts;
};

Slices slices_along(const std::vector<CountedPlace>& places, double direction_deg, double step_px) {
  const double radians = direction_deg * std::numbers::pi / 180;
  const cv::Point2d along(std::cos(radians), std::sin(radians));
  double low = places[0].at_px.dot(along), high = low;
  for (const CountedPlace& place : places) {
    low = std::min(low, place.at_px.dot(along));
    high = std::max(high, place.at_px.dot(along));
  }
  Slices slices{low, step_px, {}};
  slices.counts.assign(static_cast<std::size_t>((high - low) / step_px) + 1,
                       {std::vector<double>(places[0].counts.each.size(), 0), 0});
  for (const CountedPlace& place : places) {
    const auto slice = static_cast<std::size_t>((place.at_px.dot(along) - low) / step_px);
    for (std::size_t e = 0; e < place.counts.each.size(); ++e)
      slices.counts[slice].each[e] += place.counts.each[e];
    slices.counts[slice].all += place.counts.all;
  }
  return slices;
}

/// By how much the slices differ: Pearson's statistic against one composition, or its like for
/// scores.
double change_along(const Slices& slices, bool scores) {
  CountedPart sum{std::vector<double>(slices.counts[0].each.size(), 0), 0};
  for (const CountedPart& slice : slices.counts) {
    for (std::size_t e = 0; e < sum.each.size(); ++e) sum.each[e] += slice.each[e];
    sum.all += slice.all;
  }
  double statistic = 0;
  for (const CountedPart& slice : slices.counts)
    for (std::size_t e = 0; e < sum.each.size(); ++e) {
      const double expected = slice.all * sum.each[e] / sum.all,
                   variance = scores ? slice.all : expected;
      if (variance > 0)
        statistic += (slice.each[e] - expected) * (slice.each[e] - expected) / variance;
    }
  return statistic;
}

}  // namespace

CompositionProfile composition_profile(const Result& result) {
  const ElementMaps& maps = *result.micrograph.maps;
  const std::vector<CountedPlace> places = places_of(result);
  CompositionProfile profile;
  profile.step_px = std::max({result.chip_size.size_px / 2, maps.field.width / maps.counts[0].cols,
                              maps.field.height / maps.counts[0].rows});
  double most = -1;
  constexpr double turn_deg = 5;
  // 90 degrees first: of two equal ones it is the layers of a film that lie across.
  for (int k = 0; k < 36; ++k) {
    const double direction_deg = std::fmod(90 + k * turn_deg, 180);
    const double change =
        change_along(slices_along(places, direction_deg, profile.step_px), maps.spectra != nullptr);
    if (change > most * (1 + 1e-9)) {
      most = change;
      profile.direction_deg = direction_deg;
    }
  }
  const Slices slices = slices_along(places, profile.direction_deg, profile.step_px);
  for (std::size_t k = 0; k < slices.counts.size(); ++k)
    if (const CountedPart& slice = slices.counts[k]; slice.all > 0)
      profile.slices.push_back({slices.first + (static_cast<double>(k) + 0.5) * slices.step,
                                slice.all, shares_of(maps, slice)});
  return profile;
}

std::vector<std::vector<Share>> chip_shares(const Result& result) {
  const ElementMaps& maps = *result.micrograph.maps;
  std::vector<std::vector<Share>> shares;
  for (std::size_t chip = 0; chip < result.grid.chips(); ++chip)
    shares.push_back(shares_of(maps, maps.counts_in(result.grid.chip_in_input(chip))));
  return shares;
}

std::vector<float> disagreement(const Result& result) {
  const ChipGrid& grid = result.grid;
  const WitnessMaps& witnesses = *result.witnesses;
  const auto label_of = [&](const cv::Mat& labels, std::size_t chip) {
    const cv::Point2d centre = chip_centre_px(grid, chip);
    return static_cast<int>(
        labels.at<std::uint16_t>(std::clamp(cvRound(centre.y), 0, labels.rows - 1),
                                 std::clamp(cvRound(centre.x), 0, labels.cols - 1)));
  };
  std::vector<int> by_image, by_maps;
  for (std::size_t chip = 0; chip < grid.chips(); ++chip) {
    by_image.push_back(label_of(witnesses.by_image, chip));
    by_maps.push_back(label_of(witnesses.by_maps, chip));
  }
  const int reach = std::max(1, grid.size_px / grid.stride_px);
  std::vector<float> shares(grid.chips(), 0);
  for (int row = 0; row < grid.rows; ++row)
    for (int col = 0; col < grid.cols; ++col) {
      const std::size_t chip = grid.node(row, col);
      int unlike = 0, all = 0;
      for (int y = std::max(0, row - reach); y <= std::min(grid.rows - 1, row + reach); ++y)
        for (int x = std::max(0, col - reach); x <= std::min(grid.cols - 1, col + reach); ++x) {
          const std::size_t other = grid.node(y, x);
          if (other == chip) continue;
          unlike += (by_image[chip] == by_image[other]) != (by_maps[chip] == by_maps[other]);
          ++all;
        }
      if (all > 0) shares[chip] = static_cast<float>(unlike) / static_cast<float>(all);
    }
  return shares;
}

std::string composition_csv(const Result& result) {
  std::string text = "rule,region,name,element,mean,sd\r\n";
  for (const RuleResult& rule : result.rules)
    for (const Region& region : rule.regions)
      for (const Share& share : region.composition)
        text += csv_cell(rule.name) + "," + std::to_string(region.label) + "," +
                csv_cell(region.name) + "," + csv_cell(share.element) + "," + shortest(share.mean) +
                "," + shortest(share.sd) + "\r\n";
  return text;
}

std::string spectra_csv(const Result& result) {
  const ElementMaps& maps = *result.micrograph.maps;
  const SpectrumComponents& spectra = *maps.spectra;
  std::string text =
      "energy_" + (spectra.unit.empty() ? std::string("channel") : spectra.unit) + ",image";
  std::vector<std::vector<double>> columns{spectra.mean};
  for (const Region& region : result.primary_rule().regions) {
    text += "," +
            csv_cell(region.name.empty() ? "region " + std::to_string(region.label) : region.name);
    columns.push_back(spectrum_of(maps, region.composition));
  }
  for (std::size_t k = 0; k < spectra.loadings.size(); ++k)
    text += ",loading " + std::to_string(k + 1);
  text += "\r\n";
  for (std::size_t j = 0; j < spectra.energy.size(); ++j) {
    text += shortest(spectra.energy[j]);
    for (const std::vector<double>& column : columns) text += "," + shortest(column[j]);
    for (const std::vector<double>& loading : spectra.loadings) text += "," + shortest(loading[j]);
    text += "\r\n";
  }
  return text;
}

std::string composition_profile_csv(const Result& result) {
  const CompositionProfile profile = composition_profile(result);
  const std::optional<double> nm = result.micrograph.nm_per_pixel;
  std::string text = "position_px,position_nm,direction_deg,element,mean,sd\r\n";
  for (const CompositionProfile::Slice& slice : profile.slices)
    for (const Share& share : slice.shares)
      text += shortest(slice.position_px) + "," + (nm ? shortest(slice.position_px * *nm) : "") +
              "," + shortest(profile.direction_deg) + "," + csv_cell(share.element) + "," +
              shortest(share.mean) + "," + shortest(share.sd) + "\r\n";
  return text;
}

}  // namespace metamict
