// SPDX-License-Identifier: GPL-3.0-or-later
#include "resnet_encoder.hpp"

#include <algorithm>
#include <utility>

#include "batch_queue.hpp"
#include "inference.hpp"

namespace metamict {

Number choose_number(Precision precision, Notes& notes) {
  if (precision == Precision::automatic) return has_amx_bfloat16() ? Number::bfloat16 : Number::float32;
  if (precision == Precision::bfloat16 && has_bfloat16()) return Number::bfloat16;
  if (precision == Precision::bfloat16) notes.push_back("bfloat16 is not supported by this processor: float32 is used");
  return Number::float32;
}

ResnetEncoder::ResnetEncoder(std::shared_ptr<const FoldedResnet> weights, const EncoderOptions& options,
                             const Sidecar& sidecar, Notes notes)
    : sidecar_(sidecar),
      notes_(std::move(notes)),
      threads_(std::max(1, options.threads)),
      executor_(*weights, sidecar.input_px, {sidecar.mean, sidecar.std}, choose_number(options.precision, notes_), threads_),
      last_was_shared_(options.embedding == EmbeddingMode::shared),
      workspaces_(static_cast<std::size_t>(threads_)) {
  if (last_was_shared_) shared_.emplace(std::move(weights), InputScale{sidecar.mean, sidecar.std}, executor_.number(), threads_);
}

Notes ResnetEncoder::notes() const {
  Notes all = notes_;
  all.insert(all.end(), image_notes_.begin(), image_notes_.end());
  return all;
}

EncoderIdentity ResnetEncoder::identity() const {
  EncoderIdentity identity = identity_of(sidecar_);
  identity.precision = executor_.number() == Number::bfloat16 ? "bfloat16" : "float32";
  identity.device = "cpu";
  identity.embedding = last_was_shared_ ? "shared" : "chip";
  identity.path = "oneDNN" + (checked_against_.empty() ? "" : ", checked against " + checked_against_);
  return identity;
}

Workspace& ResnetEncoder::workspace(std::size_t worker) {
  auto& workspace = workspaces_[worker];  // no other thread touches this element
  if (!workspace) workspace = executor_.workspace();
  return *workspace;
}

bool ResnetEncoder::can_share(const ChipGrid& grid, Normalise normalise) {
  image_notes_.clear();
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

RowMatrixXf ResnetEncoder::encode(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                                  const Progress& progress) {
  last_was_shared_ = can_share(grid, normalise);
  return last_was_shared_ ? shared_->encode(canonical.pixels, grid, progress)
                          : encode_chips(canonical, grid, normalise, progress);
}

RowMatrixXf ResnetEncoder::encode_chips(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                                        const Progress& progress) {
  RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), resnet50_features);
  const auto pixels = static_cast<std::size_t>(sidecar_.input_px) * static_cast<std::size_t>(sidecar_.input_px);
  const auto batches = cut_into_batches(grid.chips(), static_cast<std::size_t>(executor_.batch()),
                                        static_cast<std::size_t>(executor_.small_batch()));
  for_each_batch(
      batches, threads_,
      [&](std::size_t worker, const Batch& batch) {
        std::vector<float> chips(batch.count * pixels);
        for (std::size_t i = 0; i < batch.count; ++i)
          gather_chip(canonical.pixels, grid.chip(batch.first + i), normalise, chips.data() + i * pixels);
        executor_.run(workspace(worker), chips.data(), static_cast<long>(batch.count),
                      rows_ND.row(static_cast<Eigen::Index>(batch.first)).data());
      },
      progress);
  return rows_ND;
}

RowMatrixXf ResnetEncoder::features_of(const std::vector<float>& chips) {
  const auto count = static_cast<long>(chips.size()) / (static_cast<long>(sidecar_.input_px) * sidecar_.input_px);
  RowMatrixXf features(count, resnet50_features);
  const auto batches = cut_into_batches(static_cast<std::size_t>(count), static_cast<std::size_t>(executor_.batch()),
                                        static_cast<std::size_t>(executor_.small_batch()));
  const std::size_t pixels = chips.size() / static_cast<std::size_t>(std::max(1L, count));
  for_each_batch(batches, 1,
                 [&](std::size_t worker, const Batch& batch) {
                   executor_.run(workspace(worker), chips.data() + batch.first * pixels, static_cast<long>(batch.count),
                                 features.row(static_cast<Eigen::Index>(batch.first)).data());
                 },
                 {});
  return features;
}

}  // namespace metamict
