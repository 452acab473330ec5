// SPDX-License-Identifier: GPL-3.0-or-later
// NCEM EMD (also Prismatic and py4DSTEM): groups that call themselves arrays, with a vector of
// coordinates for each axis.
#include <algorithm>

#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

namespace {

bool is_ncem_group(hid_t group) {
  const auto kind = number_attribute(group, "emd_group_type");
  return (kind && *kind == 1) || text_attribute(group, "emd_group_type") == "array";
}

std::vector<Axis> read_axes(hid_t group, std::size_t rank) {
  const int first = has(group, "dim0") ? 0 : 1;
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < rank; ++i)
    axes.push_back(coordinate_axis(
        open_dataset(group, "dim" + std::to_string(first + static_cast<int>(i))), "units"));
  return axes;
}

// The energy of the first channel; the places of an image's first pixel stay unsaid.
void set_first_energy(hid_t group, std::size_t place, Axis& energy) {
  const int first = has(group, "dim0") ? 0 : 1;
  const auto values = first_numbers(
      open_dataset(group, "dim" + std::to_string(first + static_cast<int>(place))), 1);
  if (!values.empty()) energy.offset = values[0];
}

// Simulations keep depth or detector angle in the last axis, acquisitions the frame in the first.
bool frames_are_last(const std::vector<Axis>& axes, const std::vector<std::uint64_t>& shape) {
  const auto places = long_axes(shape);
  if (places.size() != 3 || axes.size() != shape.size()) return false;
  const auto length = [&](std::size_t i) { return axes[places[i]].unit.kind == UnitKind::length; };
  return length(0) && length(1) && (!length(2) || axes[places[2]].name.ends_with("z"));
}

std::string data_name(hid_t group) {
  if (has(group, "data")) return "data";
  for (const auto& name : members(group))
    if (!name.starts_with("dim") && open_dataset(group, name)) return name;
  return {};
}

}  // namespace

std::vector<Image> ncem_images(hid_t file) {
  constexpr std::size_t most_axes = 8;
  std::vector<Image> images;
  for (const auto& [path, type] : objects(file)) {
    if (type != H5O_TYPE_GROUP) continue;
    const Handle group(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
    if (!group || !is_ncem_group(group)) continue;
    const std::string name = data_name(group);
    const Handle data = name.empty() ? Handle() : open_dataset(group, name);
    if (!data) continue;
    const auto shape = shape_of(data).value_or(std::vector<std::uint64_t>());
    const auto axes = read_axes(group, shape.size() <= most_axes ? shape.size() : 0);
    Image image = describe(group, name, frames_are_last(axes, shape));
    image.path = path + "/" + name;
    image.info.name = after_last_slash(path);
    const auto energy = std::find_if(axes.begin(), axes.end(),
                                     [](const Axis& axis) { return is_energy(axis.unit); });
    const bool spectra = text_attribute(group, "record_by") == "spectrum";
    if (!shape.empty() && (energy != axes.end() || spectra)) {
      const std::size_t place =
          energy != axes.end() ? static_cast<std::size_t>(energy - axes.begin()) : shape.size() - 1;
      Axis channels = place < axes.size() ? axes[place] : Axis();
      set_first_energy(group, place, channels);
      set_channels(image, shape, place, channels);
    }
    if (image.info.channels) refuse(image.info, "a spectrum image, which --maps takes");
    if (spectra) refuse(image.info, "spectra");
    set_axes(image, axes, "NCEM axes");
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace metamict::hdf5
