// SPDX-License-Identifier: GPL-3.0-or-later
// The weights of a TorchScript file without LibTorch: a zip archive in which the weights lie as they are, with a pickle
// that says which tensor lies in which entry. Nothing of the file is run, so its code may say anything: who uses these
// weights must know otherwise that the network is the one that they belong to.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "encoder/resnet/weights.hpp"

namespace metamict {

/// Entries that are not packed (weights are not, code is), by name, as views into `file`; nothing when that is no zip
/// archive below 4 GiB.
using ZipEntries = std::map<std::string_view, std::span<const unsigned char>>;
std::optional<ZipEntries> stored_entries(std::span<const unsigned char> file);

/// Tensors by the names the module gives them ("layer1.0.conv1.weight"), views into `file`; those of other types than
/// float32 and float16 without data. Nothing when the file is not one that torch.jit.save writes, or anything in it is
/// out of bounds.
std::optional<StateDict> stored_tensors(std::span<const unsigned char> file);

}  // namespace metamict
