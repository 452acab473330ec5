// SPDX-License-Identifier: GPL-3.0-or-later
// A plan says what would be done with an image and how much memory that takes. It needs no encoder.
#pragma once

#include <cstdint>
#include <string>

#include "metamict/chip_size.hpp"
#include "metamict/chips.hpp"
#include "metamict/segment_options.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

/// What a plan must know of an encoder. The sidecar and the options with which it will be opened
/// tell it.
struct EncoderShape {
  int input_px = 64;          ///< edge of a chip at the encoder's scale
  int features = 2048;        ///< D
  double cells_per_chip = 4;  ///< lattice periods along a chip's edge
  EmbeddingMode embedding = EmbeddingMode::chip;
  Precision precision = Precision::automatic;
  std::string similarity = "minmax";  ///< the scale of scores that its sidecar asks for
};

EncoderShape shape_of(const Sidecar& sidecar, const EncoderOptions& options);
EncoderShape shape_of(const EncoderIdentity& identity);

struct Plan {
  ChipSize chip_size;
  ChipGrid grid;
  double stride_px = 0;                      ///< in input pixels
  std::size_t graph_chips = 0;               ///< chips in the graph: all, or those of a sample
  std::uint64_t predicted_memory_bytes = 0;  ///< peak of the whole process for this image
  Notes notes;                               ///< what had to be decided for chip size and stride
};

/// Chooses chips and predicts memory. Throws as choose_chip_size and lay_grid do.
Plan plan(const Micrograph& micrograph, const SegmentOptions& options, const EncoderShape& encoder);

/// Throws ResourceError when the plan needs more memory than it may use. The message says what
/// helps.
void check_memory(const Plan& plan, const Resources& resources);

}  // namespace metamict
