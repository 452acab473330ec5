// SPDX-License-Identifier: GPL-3.0-or-later
// Maps of one image as SVG panels: drawn in the image's own pixels, all with the same scale bar.
#pragma once

#include <span>
#include <string_view>

#include "metamict/chips.hpp"
#include "report/pages/html.hpp"
#include "report/region_map.hpp"

namespace metamict::html {

/// The image that panels show. `id` is its name in the page.
struct PanelImage {
  const Micrograph& micrograph;
  const ChipGrid& grid;
  std::string_view id;
};

/// Defines the micrograph once in the page; panels show it by reference.
Html define_micrograph(const PanelImage& image);

/// Opens a section around the panels of one image. It tells the page's script where the chips are
/// and how ordered each is. The caller writes the section's end.
Html open_maps(const ChipGrid& grid, std::span<const float> order);

Html micrograph_panel(const PanelImage& image);

/// The regions over the micrograph; `above` is SVG that lies on top of them.
Html region_panel(const PanelImage& image, const RegionMap& map, const Html& above = {});

/// One value a chip in colours, from 0 to `high`.
Html value_panel(const PanelImage& image, std::span<const float> values, double high,
                 std::string_view name);

/// The colours of value_panel, which begin with `low` where its values are counted from there.
Html colour_bar(double high, std::string_view name, double low = 0);

}  // namespace metamict::html
