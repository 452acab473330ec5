// SPDX-License-Identifier: GPL-3.0-or-later
// Maps for HyperSpy and its relatives: opened with axes in nm.
#pragma once

#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// A label map as a .hspy file (uint16, rows x cols of the input). Throws OutputError when HDF5 cannot make it.
std::string labels_hspy(const Result& result, const RuleResult& rule);

/// The lattice-order index as a .hspy file: one pixel a chip (float32, grid rows x cols), its scale the stride.
std::string order_hspy(const Result& result);

}  // namespace metamict
