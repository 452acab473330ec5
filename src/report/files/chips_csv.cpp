// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/chips_csv.hpp"

#include "base/text.hpp"
#include "report/composition_numbers.hpp"

namespace metamict {

cv::Point2d chip_centre_px(const ChipGrid& grid, std::size_t node) {
  const cv::Rect2d chip = grid.chip_in_input(node);
  return {chip.x + chip.width / 2 - 0.5, chip.y + chip.height / 2 - 0.5};
}

std::string chips_csv(const Result& result) {
  std::string text = "node,row,col,x_px,y_px,order";
  for (const RuleResult& rule : result.rules)
    text += "," + rule.name + "_community," + rule.name + "_stability";
  for (const RuleResult& rule : result.rules)
    text += (rule.agreement.empty() ? "" : "," + rule.name + "_agreement") +
            (rule.communities.margin.empty() ? "" : "," + rule.name + "_margin");
  std::vector<std::vector<Share>> shares;
  if (result.micrograph.maps) {
    shares = chip_shares(result);
    for (const std::string& element : result.micrograph.maps->elements)
      text += "," + csv_cell(element + (result.micrograph.maps->spectra ? "_score" : "_share")) +
              "," + csv_cell(element + "_sd");
  }
  text += "\r\n";
  const ChipGrid& grid = result.grid;
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    const cv::Point2d centre = chip_centre_px(grid, node);
    text += std::to_string(node) + "," + std::to_string(grid.row(node)) + "," +
            std::to_string(grid.col(node)) + "," + shortest(centre.x) + "," + shortest(centre.y) +
            "," + shortest(result.order[node]);
    for (const RuleResult& rule : result.rules)
      text += "," + std::to_string(rule.communities.community[node]) + "," +
              shortest(rule.communities.node_stability[node]);
    for (const RuleResult& rule : result.rules)
      text +=
          (rule.agreement.empty() ? "" : "," + shortest(rule.agreement[node])) +
          (rule.communities.margin.empty() ? "" : "," + shortest(rule.communities.margin[node]));
    if (!shares.empty())
      for (const Share& share : shares[node])
        text += "," + shortest(share.mean) + "," + shortest(share.sd);
    text += "\r\n";
  }
  return text;
}

}  // namespace metamict
