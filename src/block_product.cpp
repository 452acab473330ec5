// SPDX-License-Identifier: GPL-3.0-or-later
#include "block_product.hpp"

#include <oneapi/dnnl/dnnl.h>

#include <stdexcept>
#include <string>

namespace metamict {

void block_products(const RowMatrixXf& rows_ND, std::size_t first_a, std::size_t count_a, std::size_t first_b,
                    std::size_t count_b, float* out) {
  const auto features = static_cast<dnnl_dim_t>(rows_ND.cols());
  const auto row = [&](std::size_t node) { return rows_ND.data() + node * static_cast<std::size_t>(rows_ND.cols()); };
  const dnnl_status_t status =
      dnnl_sgemm('N', 'T', static_cast<dnnl_dim_t>(count_a), static_cast<dnnl_dim_t>(count_b), features, 1.0F,
                 row(first_a), features, row(first_b), features, 0.0F, out, static_cast<dnnl_dim_t>(count_b));
  if (status != dnnl_success)
    throw std::runtime_error("oneDNN could not multiply embeddings: status " + std::to_string(status));
}

}  // namespace metamict
