// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/hdf5/child/layouts.hpp"

#include <algorithm>

#include "metamict/errors.hpp"

namespace metamict::hdf5 {

bool is_energy(const Unit& unit) { return unit.text == "eV" || unit.text == "keV"; }

void refuse(DatasetInfo& info, const std::string& reason) {
  if (info.image) info.reason = reason;
  info.image = false;
}

std::vector<std::pair<std::string, H5O_type_t>> objects(hid_t file) {
  constexpr std::size_t most_objects = 20000;
  std::vector<std::pair<std::string, H5O_type_t>> found;
  // H5Ovisit2 stays with the first form of H5O_info_t, whatever the library calls it now.
  const auto visit = [](hid_t, const char* name, const auto* info, void* list) -> herr_t {
    auto& all = *static_cast<std::vector<std::pair<std::string, H5O_type_t>>*>(list);
    all.emplace_back(name, info->type);
    return all.size() < most_objects ? 0 : 1;
  };
  if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit, &found, H5O_INFO_BASIC) < 0)
    throw InputError("damaged: " + complaint());
  return found;
}

std::string after_last_slash(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Image describe(hid_t in, const std::string& path, bool frames_last) {
  Image image;
  image.path = path;
  image.info.name = path;
  const Handle dataset = open_dataset(in, path);
  if (!dataset) {
    refuse(image.info, "no data");
    return image;
  }
  const auto [type, real] = type_of(dataset);
  image.info.dtype = type;
  if (!real)
    refuse(image.info, type.starts_with("complex") ? "complex numbers"
                       : type.starts_with("rgb")
                           ? "colour"
                           : "values of the kind \"" + type + "\" are no grey values");
  image.axes = set_array_axes(image.info, shape_of(dataset).value_or(std::vector<std::uint64_t>()),
                              frames_last);
  return image;
}

void set_channels(Image& image, const std::vector<std::uint64_t>& shape, std::size_t channel_axis,
                  const Axis& energy) {
  constexpr std::uint64_t most_channels = 1 << 16;
  const bool real =
      image.info.dtype.find("int") != std::string::npos || image.info.dtype.starts_with("float");
  if (!real || channel_axis >= shape.size() || shape[channel_axis] < 2 ||
      shape[channel_axis] > most_channels)
    return;
  std::vector<int> across;
  for (const std::size_t place : long_axes(shape))
    if (place != channel_axis && shape[place] > 1) across.push_back(static_cast<int>(place));
  if (across.size() != 2) return;
  image.axes = {across[0], across[1], -1};
  image.channel_axis = static_cast<int>(channel_axis);
  image.info.rows = static_cast<int>(shape[static_cast<std::size_t>(across[0])]);
  image.info.cols = static_cast<int>(shape[static_cast<std::size_t>(across[1])]);
  image.info.frames = 1;
  image.info.channels = Channels{static_cast<int>(shape[channel_axis]), energy.offset.value_or(0),
                                 energy.scale == 0 ? 1 : energy.scale, energy.unit.text};
}

Axis coordinate_axis(hid_t dataset, const char* units_attribute) {
  if (dataset < 0) return {};
  const auto values = first_numbers(dataset, 2);
  return {values.size() == 2 ? values[1] - values[0] : 0,
          parse_unit(text_attribute(dataset, units_attribute)), text_attribute(dataset, "name")};
}

void set_axes(Image& image, const std::vector<Axis>& axes, const std::string& source) {
  for (const auto& axis : axes)
    if (is_energy(axis.unit))
      refuse(image.info, "a spectrum: one of its axes is in " + axis.unit.text);
  if (axes.size() <= static_cast<std::size_t>(image.axes.col)) return;
  const Axis &y = axes[static_cast<std::size_t>(image.axes.row)],
             &x = axes[static_cast<std::size_t>(image.axes.col)];
  set_pixel_size(image.info, pixel_size_from({y.scale, x.scale}, {y.unit, x.unit}, source));
  if (image.info.nm_per_pixel && y.offset && x.offset)
    image.info.origin_nm = {*y.offset * y.unit.nm, *x.offset * x.unit.nm};
}

std::vector<Image> plain_images(hid_t file) {
  std::vector<Image> images;
  for (const auto& [path, type] : objects(file))
    if (type == H5O_TYPE_DATASET) {
      Image image = describe(file, path);
      if (image.info.rows > 1 && image.info.cols > 1) images.push_back(std::move(image));
    }
  // Nothing says which is the image, but tables beside it are smaller and copies of it lie deeper.
  std::stable_sort(images.begin(), images.end(), [](const Image& a, const Image& b) {
    const auto pixels = [](const Image& image) {
      return static_cast<std::int64_t>(image.info.rows) * image.info.cols;
    };
    const auto depth = [](const Image& image) {
      return std::count(image.path.begin(), image.path.end(), '/');
    };
    return pixels(a) != pixels(b) ? pixels(a) > pixels(b) : depth(a) < depth(b);
  });
  return images;
}

Contents contents_of(hid_t file) {
  if (has(file, "Data") && has(file, "Version")) return {"Velox EMD", velox_images(file)};
  if (has(file, "Experiments")) return {"HyperSpy", hyperspy_images(file)};
  if (has(file, "ImageList")) return {"DM5", dm5_images(file)};
  using Layout = std::pair<const char*, std::vector<Image> (*)(hid_t)>;
  for (const auto& [name, images_of] :
       {Layout{"NCEM EMD", ncem_images}, Layout{"Nion Swift", swift_images},
        Layout{"abTEM", abtem_images}, Layout{"USID", usid_images}, Layout{"NeXus", nexus_images},
        Layout{"EBSD", ebsd_images}})
    if (auto images = images_of(file); !images.empty()) return {name, std::move(images)};
  return {"HDF5", plain_images(file)};
}

}  // namespace metamict::hdf5
