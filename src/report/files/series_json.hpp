// SPDX-License-Identifier: GPL-3.0-or-later
// series.json: everything measured of a series.
#pragma once

#include <string>

#include "metamict/series.hpp"

namespace metamict {

/// What is not known is null; bytes of names that are no UTF-8 become U+FFFD.
std::string series_json(const Series& series);

}  // namespace metamict
