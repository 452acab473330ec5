// SPDX-License-Identifier: GPL-3.0-or-later
// The tag tree of DM3 and DM4 files, as far as images need it.
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "formats/bytes/input_file.hpp"

namespace metamict {

/// A tag's value: a number, or where its array lies in the file.
struct DmValue {
  std::optional<double> number;
  std::uint64_t offset = 0, bytes = 0;  ///< of the value in the file
  std::uint64_t count = 0;              ///< elements of an array of a simple type
  int element = 0;                      ///< Gatan's encoded type: 4 is uint16, ...
};

struct DmTags {
  std::endian order = std::endian::little;  ///< of values; the structure is always big-endian
  std::map<std::string, DmValue>
      values;  ///< "ImageList.1.ImageData.DataType"; unnamed tags go by their place
  std::optional<double> number(const std::string& path) const;
  std::string text(const InputFile& file,
                   const std::string& path) const;  ///< UTF-8; empty when absent
};

/// Reads the whole tree, so that a file cut anywhere is found out. Throws InputError.
DmTags read_dm_tags(const InputFile& file);

}  // namespace metamict
