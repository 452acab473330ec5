// SPDX-License-Identifier: GPL-3.0-or-later
// The part of an image's page that tells what its regions are made of.
#pragma once

#include "metamict/result.hpp"
#include "report/pages/html.hpp"
#include "report/pages/panels.hpp"

namespace metamict {

/// Nothing where there are no element maps.
Html composition_section(const Result& result, const html::PanelImage& image);

}  // namespace metamict
