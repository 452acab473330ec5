// SPDX-License-Identifier: GPL-3.0-or-later
// This encoder runs a ResNet50 on the processor, without LibTorch.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "encoder/resnet/executor.hpp"
#include "encoder/resnet/shared_pass.hpp"
#include "metamict/encoder.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

class ResnetEncoder : public Encoder {
 public:
  ResnetEncoder(std::shared_ptr<const FoldedResnet> weights, const EncoderOptions& options,
                const Sidecar& sidecar, Notes notes);

  EncoderIdentity identity() const override;
  /// The decisions taken while loading, and those for the last image.
  Notes notes() const override;
  EncoderSeconds seconds() const override { return seconds_; }
  void set_seconds(const EncoderSeconds& seconds) { seconds_ = seconds; }
  /// Sets what its features were compared with when it was opened. The report says it.
  void set_checked_against(std::string what) { checked_against_ = std::move(what); }
  RowMatrixXf encode(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                     const Progress& progress) override;
  Reach reach(const ChipGrid& grid, Normalise normalise) const override;

  /// Features of a few chips of input_px² grey values each, for a comparison with another
  /// implementation.
  RowMatrixXf features_of(const std::vector<float>& chips);

 private:
  RowMatrixXf encode_chips(const ResnetExecutor& executor, const Micrograph& canonical,
                           const ChipGrid& grid, Normalise normalise, const Progress& progress);
  bool can_share(const ChipGrid& grid, Normalise normalise);
  /// Makes an executor on bytes whose ranges come from chips spread over the image. Returns
  /// nothing, with a note, when it would change their embeddings.
  std::unique_ptr<ResnetExecutor> calibrate(const Micrograph& canonical, const ChipGrid& grid,
                                            Normalise normalise);
  std::size_t calibration_chips() const;
  /// Gathers calibration_chips() chips in a raster over the grid. `phase` shifts the raster, as a
  /// share of its spacing.
  std::vector<float> chips_of(const Micrograph& canonical, const ChipGrid& grid,
                              Normalise normalise, double phase) const;
  RowMatrixXf features_of(const ResnetExecutor& executor, const std::vector<float>& chips,
                          int threads, ResnetRanges* seen);
  Workspace& workspace(std::size_t worker);
  /// Takes the nuisance directions out of features, where the network has some.
  RowMatrixXf without_nuisance(RowMatrixXf rows_ND) const;
  RowMatrixXf encode_raw(const Micrograph& canonical, const ChipGrid& grid, Normalise normalise,
                         const Progress& progress);

  Sidecar sidecar_;
  Notes notes_, image_notes_;
  EncoderSeconds seconds_;
  std::string checked_against_;
  int threads_;
  RowMatrixXf nuisance_RD_;                      // no rows where the network has none
  bool on_bytes_;                                // asked for, and possible here
  std::shared_ptr<const FoldedResnet> weights_;  // where more than executor_ is made of them
  PackedWeights store_;
  ResnetExecutor executor_;
  std::optional<SharedResnet> shared_;  // when asked for
  bool last_was_shared_;
  std::string last_calibration_;  // of the last image, where it was embedded on bytes
  std::vector<std::unique_ptr<Workspace>> workspaces_;  // one per worker, kept from image to image
};

/// Chooses the number type asked for, or the fastest. A note says when the processor lacks the one
/// asked for.
Number choose_number(Precision precision, Notes& notes);

}  // namespace metamict
