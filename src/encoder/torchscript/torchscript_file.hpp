// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the weights of a TorchScript file without LibTorch. The file is a zip archive. The weights
// lie in it unpacked, and a pickle says which tensor lies in which entry. No code of the file is
// run. The caller must know from elsewhere that these weights belong to the network it uses.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "encoder/resnet/weights.hpp"

namespace metamict {

/// The unpacked entries of a zip archive by name, as views into `file`. Weights are unpacked, code
/// is packed. There is no value when the file is no zip archive below 4 GiB.
using ZipEntries = std::map<std::string_view, std::span<const unsigned char>>;
std::optional<ZipEntries> stored_entries(std::span<const unsigned char> file);

/// Tensors by the names the module gives them ("layer1.0.conv1.weight"), as views into `file`.
/// Types other than float32 and float16 come without data. There is no value when torch.jit.save
/// does not write such a file, or anything in it is out of bounds.
std::optional<StateDict> stored_tensors(std::span<const unsigned char> file);

}  // namespace metamict
