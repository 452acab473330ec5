// SPDX-License-Identifier: GPL-3.0-or-later
// Holds what every implementation of an encoder needs: the device, what the processor can do, and
// the probe chips. The probe chips are fixed chips on which two implementations are compared when
// an encoder is opened.
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

/// Parses "auto", "cpu", "cuda" or "cuda:N". Throws UsageError for anything else.
DeviceChoice parse_device(const std::string& text);

/// Whether the processor multiplies bfloat16 matrices fast (AMX), and whether it multiplies them at
/// all (AVX-512 BF16).
bool has_amx_bfloat16();
bool has_bfloat16();
/// Whether the processor multiplies bytes fast (VNNI, AMX).
bool has_int8();

/// Makes `count` fixed chips of px * px grey values in [-2, 2], one after the other. Chip k is
/// ((3x² + 5y² + (7k + 1)xy) mod 257) / 64 − 2. It is a chirp, so that every scale is present. Only
/// the last division leaves the whole numbers, so that any language makes the same chips.
std::vector<float> probe_chips(int px, int count);

/// The features of the probe chips as the encoder's sidecar records them: every `every`-th feature
/// of each chip, in float32, as the module itself gave them.
struct RecordedFeatures {
  int every = 1;
  RowMatrixXf rows;
};

/// Reads "probe" of the sidecar beside a model. Returns nothing when it is missing or unusable (a
/// foreign encoder).
std::optional<RecordedFeatures> recorded_features(const std::filesystem::path& model);

/// The smallest cosine between row i of `a` and row i of `b`. It is -1 where a row is zero or not
/// finite.
double worst_cosine(const RowMatrixXf& a, const RowMatrixXf& b);

/// The least cosine that an implementation in `precision` must reach against the module in float32,
/// on the probe chips.
double least_cosine(const std::string& precision);

/// The identity of an encoder as its sidecar tells it. How it runs is not filled in.
EncoderIdentity identity_of(const Sidecar& sidecar);

}  // namespace metamict
