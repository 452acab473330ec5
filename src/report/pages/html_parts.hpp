// SPDX-License-Identifier: GPL-3.0-or-later
// Pieces of HTML that reports are made of.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "metamict/result.hpp"

namespace metamict::html {

struct PageOptions {
  int refresh_s = 0;    ///< above 0 the browser reads the page again
  bool script = false;  ///< tips and switching on the maps of `open_maps`
};

/// A whole page with its style and policy; `body` is inserted as it is.
std::string page(std::string_view title, std::string_view body, const PageOptions& options = {});

std::string figure(std::string_view content, std::string_view caption);
std::string picture(std::string_view png, std::string_view alternative);

/// The micrograph, defined once in the page under `id`; the panels below show it by reference.
std::string define_micrograph(const Micrograph& micrograph, std::string_view id);

/// SVG panels over the image's own pixels, all with the same scale bar.
std::string micrograph_panel(const Micrograph& micrograph, std::string_view id);
/// Regions are called by `names`, by label from 1; without names by their number.
std::string overlay_panel(const Micrograph& micrograph, std::string_view id, const RuleResult& rule,
                          std::span<const std::string> names = {});
std::string value_panel(const Result& result, std::span<const float> values, double high, std::string_view name);

/// Opens a section around panels of one image that tells the script where its chips are and how ordered.
std::string open_maps(const ChipGrid& grid, std::span<const float> order);

/// A bar from 0 to `high` in the colours of value_panel.
std::string colour_bar(double high, std::string_view name);

/// The regions' outlines as SVG paths, one a label, with their numbers as tool tips; `longest_px` limits the detail.
std::string region_paths(const RuleResult& rule, int longest_px, std::span<const std::string> names = {});

}  // namespace metamict::html
