// SPDX-License-Identifier: GPL-3.0-or-later
// Gives regions the names that a person has written down.
#pragma once

#include <filesystem>

#include "metamict/result.hpp"

namespace metamict {

/// Reads a CSV with the columns label and name, and perhaps image (its stem; empty = every image),
/// and names the regions of the primary rule. Regions with equal names become one; labels are
/// numbered by falling area again. Throws UsageError for a file that cannot be read, a column that
/// is missing, or a label that the map has not.
void name_regions(Result& result, const std::filesystem::path& names);

/// Makes one community of the communities of every two labels, and counts anew.
void join_labels(const std::vector<std::pair<int, int>>& pairs, const LabelMap& map,
                 Communities& communities);

}  // namespace metamict
