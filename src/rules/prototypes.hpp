// SPDX-License-Identifier: GPL-3.0-or-later
// Few-shot: classes that the user shows by points or strokes (Akers et al. 2021, pyCHIP).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "metamict/communities.hpp"
#include "rules/rule_arguments.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// A point of a known class.
struct PrototypePoint {
  std::string label;
  cv::Point2d at;     ///< in pixels of the file's image
  std::string image;  ///< as the table names it; empty = any image
  std::string where;  ///< file and line, for a message
};

/// Whether prototypes are points of a table, not strokes of an image.
bool is_point_table(const std::filesystem::path& path);

/// Reads a table with the columns label, x_px, y_px and perhaps image. Throws UsageError.
std::vector<PrototypePoint> prototype_points(const std::filesystem::path& path);

/// Whether a point belongs to an image: its table names it by path, name or stem, or names none.
bool is_of_image(const PrototypePoint& point, const std::filesystem::path& image);

/// The chips in whose inner half a point lies or, where there is none, the nearest of `chips`.
/// origin: of a crop in the file's image. Throws InputError for a point outside.
Nodes chips_under(const PrototypePoint& point, const ChipGrid& grid, cv::Point origin,
                  const Nodes& chips);

/// Gives each chip the class whose mean embedding it is most alike to. The chips under the points
/// or strokes, and those shown in other images, are the support; a chip lies under a point that is
/// in its inner half, and under a stroke that covers its centre. A chip is unknown, -1, where its
/// angle to every class is wider than half the least angle between two classes, and than one and a
/// half times the widest angle within any support. Classes keep their names. Throws UsageError
/// where the file cannot be read, InputError where no point lies in the image or a class has no
/// chip.
Communities classify_by_prototypes(const Scene& scene, const RuleArguments& arguments, int threads);

}  // namespace metamict
