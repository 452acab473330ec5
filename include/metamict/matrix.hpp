// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix of embeddings has one row per chip.
#pragma once

#include <Eigen/Core>

namespace metamict {

using RowMatrixXf = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace metamict
