// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/block_product.hpp"

#include <oneapi/dnnl/dnnl.h>

#include <stdexcept>
#include <string>

#include "base/parallel.hpp"

namespace metamict {

namespace {

void multiply(const float* a, std::size_t count_a, const float* b, std::size_t count_b,
              std::size_t features, float* out) {
  const auto inner = static_cast<dnnl_dim_t>(features), cols = static_cast<dnnl_dim_t>(count_b);
  const dnnl_status_t status = dnnl_sgemm('N', 'T', static_cast<dnnl_dim_t>(count_a), cols, inner,
                                          1.0F, a, inner, b, inner, 0.0F, out, cols);
  if (status != dnnl_success)
    throw std::runtime_error("oneDNN could not multiply embeddings: status " +
                             std::to_string(status));
}

}  // namespace

void block_products(const RowMatrixXf& rows_ND, std::size_t first_a, std::size_t count_a,
                    std::size_t first_b, std::size_t count_b, float* out) {
  const auto features = static_cast<std::size_t>(rows_ND.cols());
  const auto row = [&](std::size_t node) { return rows_ND.data() + node * features; };
  multiply(row(first_a), count_a, row(first_b), count_b, features, out);
}

RowMatrixXf row_products(const RowMatrixXf& a, const RowMatrixXf& b) {
  RowMatrixXf products(a.rows(), b.rows());
  parallel_for(1, 1, [&](std::size_t, std::size_t) {  // which holds oneDNN to this thread
    multiply(a.data(), static_cast<std::size_t>(a.rows()), b.data(),
             static_cast<std::size_t>(b.rows()), static_cast<std::size_t>(a.cols()),
             products.data());
  });
  return products;
}

}  // namespace metamict
