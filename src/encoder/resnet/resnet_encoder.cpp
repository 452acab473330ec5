// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/resnet_encoder.hpp"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/parallel.hpp"
#include "encoder/batch_queue.hpp"
#include "encoder/probe.hpp"
#include "metamict/errors.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

namespace {

std::string name_of(Number number) { return number == Number::bfloat16 ? "bfloat16" : "float32"; }

}  // namespace

Number choose_number(Precision precision, Notes& notes) {
  const Number automatic = has_amx_bfloat16() ? Number::bfloat16 : Number::float32;
  if (precision == Precision::int8 && !has_int8())
    notes.push_back("int8 is not supported by this processor: " + name_of(automatic) + " is used");
  if (precision == Precision::automatic || precision == Precision::int8) return automatic;
  if (precision == Precision::bfloat16 && has_bfloat16()) return Number::bfloat16;
  if (precision == Precision::bfloat16)
    notes.push_back("bfloat16 is not supported by this processor: float32 is used");
  return Number::float32;
}

namespace {

RowMatrixXf nuisance_of(const FoldedResnet& net) {
  return Eigen::Map<const RowMatrixXf>(
      net.nuisance_RD.data(), static_cast<Eigen::Index>(net.nuisance_RD.size()) / resnet50_features,
      resnet50_features);
}

/// into = factor a b + keep into, with b turned over where turned is 'T'. All rows lie one after
/// the other.
void product(char turned, Eigen::Index rows, Eigen::Index cols, Eigen::Index inner, float factor,
             const float* a, const RowMatrixXf& b, float keep, float* into) {
  const dnnl_status_t status = dnnl_sgemm('N', turned, rows, cols, inner, factor, a, inner,
                                          b.data(), b.cols(), keep, into, cols);
  if (status != dnnl_success)
    throw dnnl::error(status, "a product of features and nuisance directions");
}

}  // namespace

ResnetEncoder::ResnetEncoder(std::shared_ptr<const FoldedResnet> weights,
                             const EncoderOptions& options, const Sidecar& sidecar, Notes notes)
    : sidecar_(sidecar),
      notes_(std::move(notes)),
      threads_(std::max(1, options.threads)),
      nuisance_RD_(nuisance_of(*weights)),
      on_bytes_(options.precision == Precision::int8 && has_int8()),
      store_(choose_number(options.precision, notes_), threads_),
      executor_(store_, *weights, sidecar.input_px, {sidecar.mean, sidecar.std}),
      last_was_shared_(options.embedding == EmbeddingMode::shared),
      workspaces_(static_cast<std::size_t>(threads_)) {
  if (on_bytes_ || last_was_shared_) weights_ = std::move(weights);
  if (last_was_shared_) shared_.emplace(store_, weights_, InputScale{sidecar.mean, sidecar.std});
}

Notes ResnetEncoder::notes() const {
  Notes all = notes_;
  all.insert(all.end(), image_notes_.begin(), image_notes_.end());
  return all;
}

EncoderIdentity ResnetEncoder::identity() const {
  EncoderIdentity identity = identity_of(sidecar_);
  identity.precision = last_calibration_.empty() ? name_of(executor_.number()) : "int8";
  identity.device = "cpu";
  identity.embedding = last_was_shared_ ? "shared" : "chip";
  identity.path = "oneDNN" +
                  (checked_against_.empty() ? "" : ", checked against " + checked_against_) +
                  (last_calibration_.empty() ? "" : ", " + last_calibration_);
  return identity;
}

Workspace& ResnetEncoder::workspace(std::size_t worker) {
  auto& workspace = workspaces_[worker];  // no other thread touches this element
  if (!workspace) workspace = executor_.workspace();
  return *workspace;
}

bool ResnetEncoder::can_share(const ChipGrid& grid, Normalise normalise) {
  if (!shared_) return false;
  std::string reason;
  if (normalise == Normalise::chip)
    reason = "every chip has a normalisation of its own";
  else if (!SharedResnet::fits(grid))
    reason = "the stride is " + std::to_string(grid.stride_px) + " px of the encoder's " +
             std::to_string(grid.size_px) + " px chip, not a multiple of 16 px";
  if (!reason.empty())
    image_notes_.push_back("the shared embedding is not possible because " + reason +
                           ": each chip is embedded by itself");
  return reason.empty();
}

Reach ResnetEncoder::reach(const ChipGrid& grid, Normalise normalise) const {
  if (!shared_ || normalise == Normalise::chip || !SharedResnet::fits(grid)) return {};
  return {SharedResnet::reach_px, SharedResnet::step_px};
}

RowMatrixXf ResnetEncoder::encode(const Micrograph& canonical, const ChipGrid& grid,
                                  Normalise normalise, const Progress& progress) {
  return without_nuisance(encode_raw(canonical, grid, normalise, progress));
}

RowMatrixXf ResnetEncoder::without_nuisance(RowMatrixXf rows_ND) const {
  const Eigen::Index directions = nuisance_RD_.rows();
  if (directions == 0) return rows_ND;
  constexpr Eigen::Index rows_a_block = 256;
  const Eigen::Index blocks = (rows_ND.rows() + rows_a_block - 1) / rows_a_block;
  parallel_for(static_cast<std::size_t>(blocks), threads_, [&](std::size_t, std::size_t block) {
    const Eigen::Index first = static_cast<Eigen::Index>(block) * rows_a_block;
    const Eigen::Index count = std::min(rows_a_block, rows_ND.rows() - first);
    RowMatrixXf shares_NR(count, directions);
    float* rows = rows_ND.row(first).data();
    // x - Ut (U x), for a block of rows x
    product('T', count, directions, resnet50_features, 1, rows, nuisance_RD_, 0, shares_NR.data());
    product('N', count, resnet50_features, directions, -1, shares_NR.data(), nuisance_RD_, 1, rows);
  });
  return rows_ND;
}

RowMatrixXf ResnetEncoder::encode_raw(const Micrograph& canonical, const ChipGrid& grid,
                                      Normalise normalise, const Progress& progress) {
  last_calibration_.clear();
  image_notes_.clear();
  last_was_shared_ = can_share(grid, normalise);
  if (on_bytes_ && last_was_shared_)
    image_notes_.push_back(
        "int8 is for chips embedded one by one: the shared embedding is computed in " +
        name_of(executor_.number()));
  if (last_was_shared_) return shared_->encode(canonical.pixels, grid, progress);
  if (!on_bytes_) return encode_chips(executor_, canonical, grid, normalise, progress);
  const auto on_bytes = calibrate(canonical, grid, normalise);
  return encode_chips(on_bytes ? *on_bytes : executor_, canonical, grid, normalise, progress);
}

std::vector<float> ResnetEncoder::chips_of(const Micrograph& canonical, const ChipGrid& grid,
                                           Normalise normalise, double phase) const {
  const std::size_t rows = 8, cols = calibration_chips() / rows;
  const auto pixels =
      static_cast<std::size_t>(sidecar_.input_px) * static_cast<std::size_t>(sidecar_.input_px);
  std::vector<float> chips(rows * cols * pixels);
  float* to = chips.data();
  const auto at = [phase](std::size_t k, std::size_t count, int chips_there) {
    return static_cast<int>((static_cast<double>(k) + phase) * chips_there /
                            static_cast<double>(count));
  };
  for (std::size_t y = 0; y < rows; ++y)
    for (std::size_t x = 0; x < cols; ++x, to += pixels)
      gather_chip(canonical.pixels,
                  grid.chip(grid.node(at(y, rows, grid.rows), at(x, cols, grid.cols))), normalise,
                  to);
  return chips;
}

std::size_t ResnetEncoder::calibration_chips() const {
  constexpr std::size_t wanted = 64;
  const auto small = static_cast<std::size_t>(executor_.small_batch());
  return std::max(wanted, small);  // both are powers of two
}

std::unique_ptr<ResnetExecutor> ResnetEncoder::calibrate(const Micrograph& canonical,
                                                         const ChipGrid& grid,
                                                         Normalise normalise) try {
  constexpr double least_mean_cosine = 0.996;  // what bfloat16 is held to
  const std::string floats = name_of(executor_.number());
  ResnetRanges ranges(*weights_);
  features_of(executor_, chips_of(canonical, grid, normalise, 0.5), threads_, &ranges);
  auto on_bytes = std::make_unique<ResnetExecutor>(
      store_, *weights_, sidecar_.input_px, InputScale{sidecar_.mean, sidecar_.std}, &ranges);
  // The check takes chips from other places than those that gave the ranges.
  const std::vector<float> others = chips_of(canonical, grid, normalise, 0.25);
  const RowMatrixXf expected = features_of(executor_, others, threads_, nullptr);
  const RowMatrixXf found = features_of(*on_bytes, others, threads_, nullptr);
  double sum = 0;
  for (Eigen::Index i = 0; i < found.rows(); ++i)
    sum += worst_cosine(expected.row(i), found.row(i));
  const double mean = sum / static_cast<double>(found.rows());
  const std::string measured = std::to_string(found.rows()) +
                               " chips of the image (mean cosine with " + floats + " " +
                               std::to_string(mean) + ")";
  if (mean < least_mean_cosine) {
    image_notes_.push_back("int8 would change the embeddings of " + measured + ": " + floats +
                           " is used");
    return nullptr;
  }
  last_calibration_ = "calibrated on " + measured;
  return on_bytes;
} catch (const dnnl::error& error) {
  if (error.status == dnnl_out_of_memory)
    throw ResourceError("not enough memory to embed on bytes");
  image_notes_.push_back(std::string("int8 is refused by oneDNN (") + error.what() +
                         "): " + name_of(executor_.number()) + " is used");
  return nullptr;
}

RowMatrixXf ResnetEncoder::encode_chips(const ResnetExecutor& executor, const Micrograph& canonical,
                                        const ChipGrid& grid, Normalise normalise,
                                        const Progress& progress) {
  RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), resnet50_features);
  const auto pixels =
      static_cast<std::size_t>(sidecar_.input_px) * static_cast<std::size_t>(sidecar_.input_px);
  const auto batches = cut_into_batches(grid.chips(), static_cast<std::size_t>(executor.batch()),
                                        static_cast<std::size_t>(executor.small_batch()));
  for_each_batch(
      batches, threads_,
      [&](std::size_t worker, const Batch& batch) {
        std::vector<float> chips(batch.count * pixels);
        for (std::size_t i = 0; i < batch.count; ++i)
          gather_chip(canonical.pixels, grid.chip(batch.first + i), normalise,
                      chips.data() + i * pixels);
        executor.run(workspace(worker), chips.data(), static_cast<long>(batch.count),
                     rows_ND.row(static_cast<Eigen::Index>(batch.first)).data());
      },
      progress);
  return rows_ND;
}

RowMatrixXf ResnetEncoder::features_of(const std::vector<float>& chips) {
  return without_nuisance(features_of(executor_, chips, 1, nullptr));
}

RowMatrixXf ResnetEncoder::features_of(const ResnetExecutor& executor,
                                       const std::vector<float>& chips, int threads,
                                       ResnetRanges* seen) {
  const std::size_t pixels =
      static_cast<std::size_t>(sidecar_.input_px) * static_cast<std::size_t>(sidecar_.input_px);
  const std::size_t count = chips.size() / pixels,
                    small = static_cast<std::size_t>(executor.small_batch());
  RowMatrixXf features(static_cast<Eigen::Index>(count), resnet50_features);
  std::mutex seeing;
  for_each_batch(cut_into_batches(count, small, small), threads,
                 [&](std::size_t worker, const Batch& batch) {
                   std::optional<ResnetRanges> here;
                   if (seen != nullptr) here.emplace(*weights_);
                   executor.run(workspace(worker), chips.data() + batch.first * pixels,
                                static_cast<long>(batch.count),
                                features.row(static_cast<Eigen::Index>(batch.first)).data(),
                                here ? &*here : nullptr);
                   if (!here) return;
                   const std::scoped_lock lock(seeing);
                   seen->widen(*here);
                 },
                 {});
  return features;
}

}  // namespace metamict
