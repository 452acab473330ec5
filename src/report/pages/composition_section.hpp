// SPDX-License-Identifier: GPL-3.0-or-later
// The part of an image's page that tells what its regions are made of.
#pragma once

#include "metamict/result.hpp"
#include "report/pages/chart.hpp"
#include "report/pages/html.hpp"
#include "report/pages/panels.hpp"

namespace metamict {

/// Nothing where there are no element maps.
Html composition_section(const Result& result, const html::PanelImage& image);

/// The composition across the image, where there are element maps.
Chart composition_chart(const Result& result);

}  // namespace metamict
