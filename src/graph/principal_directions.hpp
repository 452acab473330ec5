// SPDX-License-Identifier: GPL-3.0-or-later
// The few directions that hold nearly all of what many rows of numbers say.
#pragma once

#include "metamict/matrix.hpp"

namespace metamict {

/// Directions along which the rows lie farthest from 0, K x D: the first eigenvectors of
/// rows^T rows, of length 1 and at right angles, found by subspace iteration from a fixed start. K
/// is `wanted`, or the number of rows or of columns where that is less. Runs on one thread.
RowMatrixXf principal_directions(const RowMatrixXf& rows_ND, int wanted);

/// Writes the rows' shares in the directions to rows of `kept_NK` from `first` on.
void keep_shares(const RowMatrixXf& rows_ND, const RowMatrixXf& directions_KD, Eigen::Index first,
                 int threads, RowMatrixXf& kept_NK);

}  // namespace metamict
