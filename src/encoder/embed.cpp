// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/embed.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "encoder/embed_chips.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

/// "chip 17 (row 1, column 5)".
std::string chip_name(const ChipGrid& grid, std::size_t node) {
  return "chip " + std::to_string(node) + " (row " + std::to_string(grid.row(node)) + ", column " +
         std::to_string(grid.col(node)) + ")";
}

/// Takes the length of a row in double, because squares of large features are infinite in float.
void scale_to_unit_length(RowMatrixXf& rows_ND, Eigen::Index row_number, const std::string& chip,
                          const std::string& encoder) {
  auto row = rows_ND.row(row_number);
  const double length = std::sqrt(row.cast<double>().squaredNorm());
  if (!std::isfinite(length))
    throw ModelError("encoder " + encoder + " gave a feature that is not finite for " + chip +
                     ": check the model and its precision");
  if (length == 0)
    throw ModelError("encoder " + encoder + " gave only zeros for " + chip +
                     ", which has no direction to compare: check the model");
  row = (row.cast<double>() / length).cast<float>();
}

/// A window of the image that shows some chips of one axis, and what they see around them.
struct Stretch {
  int first_px, length_px;
  int before;  ///< chips of the window before those that are wanted
};

/// The window around chips [first, first + count) of an axis that is image_px long.
Stretch stretch_around(int first, int count, const ChipGrid& grid, int image_px, Reach reach) {
  const int last_start = image_px - grid.size_px;
  int before = std::min(first, (reach.px + grid.stride_px - 1) / grid.stride_px);
  const auto is_possible = [&] {
    const int start = (first - before) * grid.stride_px;
    return start % reach.step_px == 0 && start <= last_start;
  };
  while (before < first && !is_possible()) ++before;
  const int start = (first - before) * grid.stride_px;
  const int last_chip = std::min((first + count - 1) * grid.stride_px, last_start);
  const int end = std::min(image_px, last_chip + grid.size_px + reach.px);
  return {start, end - start, before};
}

}  // namespace

RowMatrixXf embed_chips(const Micrograph& canonical, const ChipGrid& grid, const cv::Rect& part,
                        Encoder& encoder, Normalise normalise, const Progress& progress,
                        int most_reach_px) {
  Reach reach = encoder.reach(grid, normalise);
  reach.px = std::min(reach.px, most_reach_px);
  const Stretch down = stretch_around(part.y, part.height, grid, grid.image_size.height, reach),
                across = stretch_around(part.x, part.width, grid, grid.image_size.width, reach);
  const cv::Rect window(across.first_px, down.first_px, across.length_px, down.length_px);
  Micrograph seen = canonical;
  seen.pixels = canonical.pixels(window);
  ChipGrid own = grid;
  own.image_size = own.input_size = window.size();
  own.rows = down.before + part.height;
  own.cols = across.before + part.width;
  RowMatrixXf features = encoder.encode(seen, own, normalise, progress);
  const EncoderIdentity who = encoder.identity();
  if (static_cast<std::size_t>(features.rows()) != own.chips() || features.cols() != who.features)
    throw ModelError("encoder " + who.name + " gave " + std::to_string(features.rows()) + " x " +
                     std::to_string(features.cols()) + " features where " +
                     std::to_string(own.chips()) + " chips x " + std::to_string(who.features) +
                     " features were due");
  // In place: what is wanted moves to the front.
  Eigen::Index to = 0;
  for (int row = 0; row < part.height; ++row)
    for (int col = 0; col < part.width; ++col, ++to) {
      const auto from = static_cast<Eigen::Index>(own.node(down.before + row, across.before + col));
      if (from != to) features.row(to) = features.row(from);
      scale_to_unit_length(features, to, chip_name(grid, grid.node(part.y + row, part.x + col)),
                           who.name);
    }
  if (to < features.rows()) features.conservativeResize(to, Eigen::NoChange);
  return features;
}

Embeddings embed(const Micrograph& canonical, const ChipGrid& grid, Encoder& encoder,
                 Normalise normalise, const Progress& progress) {
  RowMatrixXf rows_ND =
      embed_chips(canonical, grid, {0, 0, grid.cols, grid.rows}, encoder, normalise, progress);
  return {std::move(rows_ND), encoder.identity(), {}};
}

RowMatrixXf in_all_features(const Embeddings& embeddings, const RowMatrixXf& rows) {
  return embeddings.reduction ? RowMatrixXf(rows * embeddings.reduction->directions_KD) : rows;
}

}  // namespace metamict
