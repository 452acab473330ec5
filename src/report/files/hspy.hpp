// SPDX-License-Identifier: GPL-3.0-or-later
// Maps for HyperSpy and its relatives, which open them with axes in nm.
#pragma once

#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// A label map as a .hspy file (uint16, rows x cols of the input). Throws OutputError
/// where HDF5 cannot make it.
std::string labels_hspy(const Result& result, const RuleResult& rule);

/// The lattice-order index as a .hspy file (float32, grid rows x cols). A pixel is a chip,
/// and its scale is the stride.
std::string order_hspy(const Result& result);

}  // namespace metamict
