// SPDX-License-Identifier: GPL-3.0-or-later
// The child that speaks HDF5.
#pragma once

#include <string>

namespace metamict {

/// Its path: it lies beside this library. Throws InputError.
std::string hdf5_program();

}  // namespace metamict
