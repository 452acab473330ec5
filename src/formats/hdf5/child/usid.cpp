// SPDX-License-Identifier: GPL-3.0-or-later
// USID (pyUSID, pycroscopy): every measurement is a table of positions x spectroscopic values, and
// an image is one with a single value at each position of a grid. Tables of indices and values
// beside it tell the grid.
#include <cmath>

#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

namespace {

// The tables that describe one side of the measurement: one line a point, one number an axis.
struct Side {
  Handle indices, values;
  int point_axis = 0;  ///< which axis of the tables counts the points
  std::uint64_t points = 0;
};

Side side_of(hid_t dataset, bool positions, std::uint64_t points) {
  const char* const names[2][2] = {{"Spectroscopic_Indices", "Spectroscopic_Values"},
                                   {"Position_Indices", "Position_Values"}};
  return {reference_attribute(dataset, names[positions ? 1 : 0][0]),
          reference_attribute(dataset, names[positions ? 1 : 0][1]), positions ? 0 : 1, points};
}

struct Grid {
  std::uint64_t rows = 0, cols = 0;
  Axis y, x;
};

double step(const Side& side, std::uint64_t point, std::size_t axis) {
  const auto first = table_line(side.values, side.point_axis, 0),
             later = table_line(side.values, side.point_axis, point);
  return axis < first.size() && axis < later.size() ? later[axis] - first[axis] : 0;
}

// A grid of two axes that have more than one point; rows is 0 where the points are none.
Grid grid_of(const Side& side) {
  const auto first = table_line(side.indices, side.point_axis, 0),
             second = table_line(side.indices, side.point_axis, 1),
             last = table_line(side.indices, side.point_axis, side.points - 1);
  if (first.empty() || second.size() != first.size() || last.size() != first.size()) return {};
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < first.size(); ++i)
    if (last[i] > first[i]) axes.push_back(i);
  if (axes.size() != 2) return {};
  const bool last_is_fast = second[axes[1]] != first[axes[1]];
  const std::size_t fast = axes[last_is_fast ? 1 : 0], slow = axes[last_is_fast ? 0 : 1];
  Grid grid;
  grid.cols = static_cast<std::uint64_t>(last[fast] - first[fast]) + 1;
  grid.rows = static_cast<std::uint64_t>(last[slow] - first[slow]) + 1;
  if (grid.cols > side.points || grid.rows != side.points / grid.cols ||
      grid.rows * grid.cols != side.points)
    return {};
  std::vector<std::string> units = texts_attribute(side.values, "units");
  if (units.empty()) units = texts_attribute(side.indices, "units");
  units.resize(first.size());
  grid.x = {step(side, 1, fast), parse_unit(units[fast]), {}};
  grid.y = {step(side, grid.cols, slow), parse_unit(units[slow]), {}};
  return grid;
}

Image read_measurement(hid_t file, const std::string& path) {
  const Handle dataset = open_dataset(file, path);
  const auto shape = shape_of(dataset);
  Image image;
  image.path = path;
  image.info.name = path;
  bool real = false;
  std::tie(image.info.dtype, real) = type_of(dataset);
  if (!real)
    refuse(image.info,
           image.info.dtype.starts_with("complex") ? "complex numbers" : "no grey values");
  const bool positions = shape && shape->size() == 2 && (*shape)[1] == 1;
  if (!shape || shape->size() != 2 || (!positions && (*shape)[0] != 1)) {
    set_array_axes(image.info, shape.value_or(std::vector<std::uint64_t>()));
    refuse(image.info, "a spectrum at every point");
    return image;
  }
  const Grid grid = grid_of(side_of(dataset, positions, (*shape)[positions ? 0 : 1]));
  if (grid.rows == 0) {
    set_array_axes(image.info, *shape);
    refuse(image.info, "its points are no full grid of two axes");
    return image;
  }
  set_array_axes(image.info, {grid.rows, grid.cols});
  image.flat = true;
  set_axes(image, {grid.y, grid.x}, "USID tables");
  return image;
}

}  // namespace

std::vector<Image> usid_images(hid_t file) {
  std::vector<Image> images;
  for (const auto& [path, type] : objects(file)) {
    if (type != H5O_TYPE_DATASET) continue;
    const Handle dataset = open_dataset(file, path);
    if (dataset && reference_attribute(dataset, "Position_Indices") &&
        reference_attribute(dataset, "Spectroscopic_Indices"))
      images.push_back(read_measurement(file, path));
  }
  return images;
}

}  // namespace metamict::hdf5
