// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/embed.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "metamict/errors.hpp"

namespace metamict {
namespace {

/// "chip 17 (row 1, column 5)".
std::string chip_name(const ChipGrid& grid, std::size_t node) {
  return "chip " + std::to_string(node) + " (row " + std::to_string(grid.row(node)) + ", column " +
         std::to_string(grid.col(node)) + ")";
}

/// Takes the length of a row in double, because squares of large features are infinite in float.
void scale_to_unit_length(RowMatrixXf& rows_ND, Eigen::Index node, const ChipGrid& grid,
                          const std::string& encoder) {
  auto row = rows_ND.row(node);
  const double length = std::sqrt(row.cast<double>().squaredNorm());
  const std::string chip = chip_name(grid, static_cast<std::size_t>(node));
  if (!std::isfinite(length))
    throw ModelError("encoder " + encoder + " gave a feature that is not finite for " + chip +
                     ": check the model and its precision");
  if (length == 0)
    throw ModelError("encoder " + encoder + " gave only zeros for " + chip +
                     ", which has no direction to compare: check the model");
  row = (row.cast<double>() / length).cast<float>();
}

}  // namespace

Embeddings embed(const Micrograph& canonical, const ChipGrid& grid, Encoder& encoder,
                 Normalise normalise, const Progress& progress) {
  Embeddings embeddings{encoder.encode(canonical, grid, normalise, progress), encoder.identity()};
  RowMatrixXf& rows_ND = embeddings.rows_ND;
  const EncoderIdentity& who = embeddings.encoder;
  if (static_cast<std::size_t>(rows_ND.rows()) != grid.chips() || rows_ND.cols() != who.features)
    throw ModelError("encoder " + who.name + " gave " + std::to_string(rows_ND.rows()) + " x " +
                     std::to_string(rows_ND.cols()) + " features where " +
                     std::to_string(grid.chips()) + " chips x " + std::to_string(who.features) +
                     " features were due");
  for (Eigen::Index node = 0; node < rows_ND.rows(); ++node)
    scale_to_unit_length(rows_ND, node, grid, who.name);
  return embeddings;
}

}  // namespace metamict
