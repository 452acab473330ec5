// SPDX-License-Identifier: GPL-3.0-or-later
// What Nion Swift writes about an array, the same in its .ndata files and its HDF5 ones.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "formats/bytes/array_axes.hpp"

namespace metamict {

/// Takes the title and the pixel size from Swift's properties, and refuses what they call spectra.
void describe_swift(DatasetInfo& info, const nlohmann::json& properties, const ArrayAxes& axes);

}  // namespace metamict
