// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/array_axes.hpp"

#include <limits>

#include "metamict/errors.hpp"

namespace metamict {

namespace {

void refuse(DatasetInfo& info, const std::string& reason) {
  if (info.image) info.reason = reason;
  info.image = false;
}

int side(std::uint64_t length) {
  if (length > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
    throw InputError("damaged: its header claims a side of " + std::to_string(length) + " px");
  return static_cast<int>(length);
}

}  // namespace

std::vector<std::size_t> long_axes(const std::vector<std::uint64_t>& shape) {
  std::vector<std::size_t> places(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) places[i] = i;
  for (std::size_t i = shape.size(); i-- > 0 && places.size() > 2;)
    if (shape[i] == 1) places.erase(places.begin() + static_cast<std::ptrdiff_t>(i));
  return places;
}

ArrayAxes set_array_axes(DatasetInfo& info, const std::vector<std::uint64_t>& shape,
                         bool frames_last) {
  for (const auto length : shape) side(length);
  const auto places = long_axes(shape);
  const auto length = [&](std::size_t i) { return side(shape[places[i]]); };
  const std::size_t rank = places.size();
  if (rank < 2 || rank > 3) {
    info.cols = rank == 0 ? 1 : length(rank - 1);
    info.rows = rank < 2 ? 1 : length(rank - 2);
    refuse(info, rank == 0   ? std::string("a single value")
                 : rank == 1 ? std::string("a spectrum or profile (an array of 1 dimension)")
                             : "data of " + std::to_string(rank) + " dimensions");
    return {};
  }
  const std::size_t row = rank == 3 && !frames_last ? 1 : 0;
  info.rows = length(row);
  info.cols = length(row + 1);
  if (rank == 3) info.frames = length(frames_last ? 2 : 0);
  if (info.rows == 0 || info.cols == 0 || info.frames == 0) {
    refuse(info, "an empty array");
  } else if (info.rows == 1 || info.cols == 1) {
    refuse(info, "a spectrum or profile: " + std::to_string(info.rows) + " x " +
                     std::to_string(info.cols) + " values");
  } else if (rank == 3 && !frames_last && info.cols <= 4 && info.frames > 4 && info.rows > 4) {
    refuse(info, "its last axis of " + std::to_string(info.cols) + " looks like colour");
  }
  return {static_cast<int>(places[row]), static_cast<int>(places[row + 1]),
          rank == 3 ? static_cast<int>(places[frames_last ? 2 : 0]) : -1};
}

}  // namespace metamict
