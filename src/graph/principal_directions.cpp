// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/principal_directions.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <random>

#include "base/parallel.hpp"
#include "graph/block_product.hpp"

namespace metamict {

RowMatrixXf principal_directions(const RowMatrixXf& rows_ND, int wanted) {
  const Eigen::Index directions = std::min<Eigen::Index>({wanted, rows_ND.rows(), rows_ND.cols()});
  const RowMatrixXf columns_DN = rows_ND.transpose();
  std::mt19937_64 random(7);
  std::normal_distribution<float> normal;
  RowMatrixXf basis_KD =
      RowMatrixXf::NullaryExpr(directions, rows_ND.cols(), [&] { return normal(random); });
  constexpr int rounds = 8;  // part the large directions from the rest
  for (int round = 0; round < rounds; ++round) {
    const RowMatrixXf along_KN = row_products(basis_KD, rows_ND);
    const Eigen::MatrixXf next_DK = row_products(columns_DN, along_KN);
    const Eigen::MatrixXf square = Eigen::HouseholderQR<Eigen::MatrixXf>(next_DK).householderQ() *
                                   Eigen::MatrixXf::Identity(next_DK.rows(), directions);
    basis_KD = square.transpose();
  }
  return basis_KD;
}

void keep_shares(const RowMatrixXf& rows_ND, const RowMatrixXf& directions_KD, Eigen::Index first,
                 int threads, RowMatrixXf& kept_NK) {
  constexpr Eigen::Index rows_a_block = 1024;
  const Eigen::Index blocks = (rows_ND.rows() + rows_a_block - 1) / rows_a_block;
  parallel_for(static_cast<std::size_t>(blocks), threads, [&](std::size_t, std::size_t block) {
    const Eigen::Index from = static_cast<Eigen::Index>(block) * rows_a_block;
    const Eigen::Index count = std::min(rows_a_block, rows_ND.rows() - from);
    kept_NK.middleRows(first + from, count) =
        row_products(rows_ND.middleRows(from, count), directions_KD);
  });
}

}  // namespace metamict
