// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the sample dose series that comes with the program.
#pragma once

#include <filesystem>

namespace metamict::app {

/// data/series.csv, beside the installed program or in the source tree. Throws InputError.
std::filesystem::path sample_series();

}  // namespace metamict::app
