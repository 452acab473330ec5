// SPDX-License-Identifier: GPL-3.0-or-later
// NeXus: groups of class NXdata, which name their signal and an axis for each of its dimensions.
#include <algorithm>

#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

namespace {

bool is_of_class(hid_t object, const char* name) {
  return text_attribute(object, "NX_class") == name;
}

// The signal is named by the group or, in older files, marks itself.
std::string signal_of(hid_t group) {
  if (const std::string name = text_attribute(group, "signal"); !name.empty() && has(group, name))
    return name;
  for (const auto& name : members(group)) {
    const Handle dataset = open_dataset(group, name);
    if (dataset &&
        (number_attribute(dataset, "signal") == 1.0 || text_attribute(dataset, "signal") == "1"))
      return name;
  }
  return has(group, "data") ? "data" : std::string();
}

// "y:x", "[y,x]" and "y, x" of older files.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> names(1);
  for (const char c : text) {
    if (c == ':' || c == ',')
      names.emplace_back();
    else if (c != '[' && c != ']' && c != ' ')
      names.back() += c;
  }
  return names;
}

std::vector<Axis> axes_of(hid_t group, hid_t signal, std::size_t rank) {
  std::vector<std::string> names = texts_attribute(group, "axes");
  if (names.empty()) names = split(text_attribute(signal, "axes"));
  if (names.size() == 1 && rank > 1) names = split(names[0]);
  std::vector<Axis> axes(rank);
  for (std::size_t i = 0; i < std::min(names.size(), rank); ++i)
    if (!names[i].empty() && names[i] != ".")
      axes[i] = coordinate_axis(open_dataset(group, names[i]), "units");
  return axes;
}

Image read_data(hid_t file, const std::string& path, const std::string& signal) {
  Image image = describe(file, path + "/" + signal);
  image.info.name = path;
  const Handle group = open_object(file, path), data = open_dataset(group, signal);
  std::string kind = text_attribute(data, "interpretation");
  if (kind.empty()) kind = text_attribute(group, "interpretation");
  if (kind == "spectrum") refuse(image.info, "spectra");
  if (kind == "rgb-image" || kind == "rgba-image") refuse(image.info, "colour");
  const auto shape = data ? shape_of(data) : std::nullopt;
  if (shape) set_axes(image, axes_of(group, data, shape->size()), "NeXus axes");
  return image;
}

// The group that the file wants to be shown, by way of the entry's own wish.
std::string default_path(hid_t file) {
  const std::string entry = text_attribute(file, "default");
  const std::string data = entry.empty() ? "" : text_attribute(open_object(file, entry), "default");
  return data.empty() ? entry : entry + "/" + data;
}

}  // namespace

std::vector<Image> nexus_images(hid_t file) {
  std::vector<Image> images;
  for (const auto& [path, type] : objects(file)) {
    if (type != H5O_TYPE_GROUP || path == ".") continue;
    const Handle group = open_object(file, path);
    if (!is_of_class(group, "NXdata")) continue;
    if (const std::string signal = signal_of(group); !signal.empty())
      images.push_back(read_data(file, path, signal));
  }
  const std::string first = default_path(file);
  std::stable_partition(images.begin(), images.end(),
                        [&](const Image& image) { return image.info.name == first; });
  return images;
}

}  // namespace metamict::hdf5
