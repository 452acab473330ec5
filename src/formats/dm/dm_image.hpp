// SPDX-License-Identifier: GPL-3.0-or-later
// What a Gatan DigitalMicrograph image is, whether its tags came from DM3, DM4 or (as HDF5) DM5.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/bytes/sample.hpp"
#include "metamict/formats.hpp"

namespace metamict {

struct DmAxis {
  std::uint64_t size = 0;
  double scale = 1;
  std::string unit;  ///< UTF-8
};

struct DmImage {
  std::string name;
  std::string format;        ///< "Image", "Spectrum image" ... or empty
  int data_type = 0;         ///< Gatan's number
  std::vector<DmAxis> axes;  ///< x, y, z ...
};

/// A tag that should be a small whole number; -1 where it is none (nothing at all, NaN, too large).
int whole_tag(std::optional<double> number);

/// The real sample type of a Gatan data type; nothing for complex, colour and unknown ones.
std::optional<Sample> dm_sample(int data_type);

/// Rows, columns, frames, type, pixel size and, for what is no image, why.
DatasetInfo describe_dm(const DmImage& image);

}  // namespace metamict
