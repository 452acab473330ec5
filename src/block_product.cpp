// SPDX-License-Identifier: GPL-3.0-or-later
#include "block_product.hpp"

#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "clones.hpp"

namespace metamict {
namespace {

using Bfloat16 = std::uint16_t;

constexpr std::size_t slice = 512;   // features at a time, so that both blocks, their halves and the result stay in a 2 MiB cache

/// upper + lower = values, to 2^-17 of each.
METAMICT_CLONES void split(const float* __restrict values, std::size_t count, Bfloat16* __restrict upper, Bfloat16* __restrict lower) {
  for (std::size_t k = 0; k < count; ++k) {
    const auto bits = std::bit_cast<std::uint32_t>(values[k]);
    const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16U) & 1U)) & 0xFFFF0000U;
    const auto rest = std::bit_cast<std::uint32_t>(values[k] - std::bit_cast<float>(rounded));
    upper[k] = static_cast<Bfloat16>(rounded >> 16U);
    lower[k] = static_cast<Bfloat16>((rest + 0x7FFFU + ((rest >> 16U) & 1U)) >> 16U);
  }
}

/// One block of embeddings, `slice` features of it, in two halves; what is over the edge of the matrix is 0.
struct Halves {
  std::vector<Bfloat16> upper, lower;
  Halves() : upper(block_edge * slice), lower(upper.size()) {}

  void take(const RowMatrixXf& rows_ND, std::size_t first, std::size_t count, std::size_t feature) {
    const auto features = static_cast<std::size_t>(rows_ND.cols());
    const std::size_t length = std::min(slice, features - feature);
    if (count < block_edge || length < slice) {
      std::fill(upper.begin(), upper.end(), Bfloat16{0});
      std::fill(lower.begin(), lower.end(), Bfloat16{0});
    }
    for (std::size_t k = 0; k < count; ++k)
      split(rows_ND.data() + (first + k) * features + feature, length, upper.data() + k * slice, lower.data() + k * slice);
  }
};

using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;
using Arguments = std::unordered_map<int, dnnl::memory>;

dnnl::matmul::primitive_desc describe(const dnnl::engine& engine, bool add) {
  constexpr auto edge = static_cast<dnnl_dim_t>(block_edge), depth = static_cast<dnnl_dim_t>(slice);
  dnnl::primitive_attr attributes;
  if (add) {
    dnnl::post_ops operations;
    operations.append_sum(1.0F);
    attributes.set_post_ops(operations);
  }
  return {{{{edge, depth}, Type::bf16, Tag::ab}, {{depth, edge}, Type::bf16, Tag::any}, {{edge, edge}, Type::f32, Tag::ab}}, attributes, engine};
}

}  // namespace

/// oneDNN's side of the bfloat16 way.
struct BlockProduct::Split {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::matmul::primitive_desc first_description = describe(engine, false), more_description = describe(engine, true);
  dnnl::matmul first{first_description}, more{more_description};
  Halves a, b;
  std::vector<float> result = std::vector<float>(block_edge * block_edge);
  dnnl::memory a_upper = rows_of(a.upper), a_lower = rows_of(a.lower), b_upper = columns_of(b.upper), b_lower = columns_of(b.lower);
  dnnl::memory b_upper_packed{first_description.weights_desc(), engine}, b_lower_packed{more_description.weights_desc(), engine};
  dnnl::memory out{first_description.dst_desc(), engine, result.data()};
  dnnl::reorder pack{b_upper, b_upper_packed};

  dnnl::memory rows_of(std::vector<Bfloat16>& from) const { return {first_description.src_desc(), engine, from.data()}; }
  dnnl::memory columns_of(std::vector<Bfloat16>& from) const {
    return {{{static_cast<dnnl_dim_t>(slice), static_cast<dnnl_dim_t>(block_edge)}, Type::bf16, Tag::ba}, engine, from.data()};
  }

  void multiply(const RowMatrixXf& rows_ND, const PairBlock& at) {
    for (std::size_t feature = 0; feature < static_cast<std::size_t>(rows_ND.cols()); feature += slice) {
      a.take(rows_ND, at.i, at.rows, feature);
      b.take(rows_ND, at.j, at.cols, feature);
      pack.execute(stream, b_upper, b_upper_packed);
      pack.execute(stream, b_lower, b_lower_packed);
      (feature == 0 ? first : more).execute(stream, arguments(a_lower, b_lower_packed));   // the small ones first
      more.execute(stream, arguments(a_lower, b_upper_packed));
      more.execute(stream, arguments(a_upper, b_lower_packed));
      more.execute(stream, arguments(a_upper, b_upper_packed));
    }
    stream.wait();
  }

  Arguments arguments(const dnnl::memory& of_a, const dnnl::memory& of_b) const {
    return {{DNNL_ARG_SRC, of_a}, {DNNL_ARG_WEIGHTS, of_b}, {DNNL_ARG_DST, out}};
  }
};

BlockProduct::Arithmetic BlockProduct::best(std::size_t features) {
  const bool tiles = dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_amx;
  return tiles && features >= slice ? Arithmetic::split_bfloat16 : Arithmetic::float32;
}

BlockProduct::BlockProduct(const RowMatrixXf& rows_ND) : BlockProduct(rows_ND, best(static_cast<std::size_t>(rows_ND.cols()))) {}
BlockProduct::BlockProduct(const RowMatrixXf& rows_ND, Arithmetic arithmetic)
    : rows_ND_(rows_ND), split_(arithmetic == Arithmetic::split_bfloat16 ? std::make_unique<Split>() : nullptr) {}
BlockProduct::~BlockProduct() = default;
BlockProduct::BlockProduct(BlockProduct&&) noexcept = default;

void BlockProduct::operator()(const PairBlock& at, float* out) {
  if (!split_) return multiply_float32(at, out);
  split_->multiply(rows_ND_, at);
  for (std::size_t row = 0; row < at.rows; ++row) std::copy_n(split_->result.data() + row * block_edge, at.cols, out + row * at.cols);
}

void BlockProduct::multiply_float32(const PairBlock& at, float* out) const {
  const auto features = static_cast<dnnl_dim_t>(rows_ND_.cols()), cols = static_cast<dnnl_dim_t>(at.cols);
  const float* a = rows_ND_.data() + at.i * static_cast<std::size_t>(features);
  const float* b = rows_ND_.data() + at.j * static_cast<std::size_t>(features);
  const dnnl_status_t status = dnnl_sgemm('N', 'T', static_cast<dnnl_dim_t>(at.rows), cols, features, 1.0F, a, features, b, features, 0.0F, out, cols);
  if (status != dnnl_success) throw std::runtime_error("oneDNN could not multiply embeddings: status " + std::to_string(status));
}

}  // namespace metamict
