// SPDX-License-Identifier: GPL-3.0-or-later
// What every implementation of an encoder shares: where it runs, what the processor can do, and the chips on which two
// implementations are compared when one is opened.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "metamict/encoder.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

enum class DeviceKind { automatic, cpu, cuda };

struct DeviceChoice {
  DeviceKind kind = DeviceKind::automatic;
  int index = 0;  ///< of the CUDA device
};

/// "auto", "cpu", "cuda" or "cuda:N"; throws UsageError for anything else.
DeviceChoice parse_device(const std::string& text);

/// Whether the processor multiplies bfloat16 matrices in hardware worth using (AMX), or at all (AVX-512 BF16).
bool has_amx_bfloat16();
bool has_bfloat16();
/// Whether it multiplies bytes in hardware worth using (VNNI, AMX).
bool has_int8();

/// `count` fixed chips of px * px grey values in [-2, 2], one after the other: chirps, so that every scale is present.
/// Whole numbers until the last division, so that any language makes the same ones:
/// ((3x² + 5y² + (7k + 1)xy) mod 257) / 64 − 2 for chip k.
std::vector<float> probe_chips(int px, int count);

/// What an encoder's sidecar says its module gives for the probe chips: every `every`-th feature of each chip, in
/// float32.
struct RecordedFeatures {
  int every = 1;
  RowMatrixXf rows;
};

/// From "probe" of the sidecar beside a model; nothing when it is not there or is none (an encoder of another make).
std::optional<RecordedFeatures> recorded_features(const std::filesystem::path& model);

/// The smallest cosine between rows of the same number; -1 where a row is zero or not finite.
double worst_cosine(const RowMatrixXf& a, const RowMatrixXf& b);

/// How alike an implementation that computes in `precision` must be to the module in float32, on the probe chips.
double least_cosine(const std::string& precision);

/// What a sidecar says of its encoder; how it runs is left open.
EncoderIdentity identity_of(const Sidecar& sidecar);

}  // namespace metamict
