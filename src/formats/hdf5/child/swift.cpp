// SPDX-License-Identifier: GPL-3.0-or-later
// Nion Swift's HDF5 files: one dataset "data" whose attribute "properties" is JSON; and abTEM's, an
// "array" with lists of its axes beside it.
#include <nlohmann/json.hpp>

#include "formats/bytes/lenient_json.hpp"
#include "formats/hdf5/child/layouts.hpp"
#include "formats/swift_calibration.hpp"

namespace metamict::hdf5 {

std::vector<Image> swift_images(hid_t file) {
  const std::string properties = text_attribute(open_dataset(file, "data"), "properties");
  const nlohmann::json parsed = parse_json(properties);
  if (!parsed.is_object()) return {};
  Image image = describe(file, "data");
  image.info.name = "image";
  describe_swift(image.info, parsed, image.axes);
  return {std::move(image)};
}

std::vector<Image> abtem_images(hid_t file) {
  if (!has(file, "array") || !has(file, "sampling") || !has(file, "units")) return {};
  Image image = describe(file, "array");
  image.info.name = "array";
  constexpr std::size_t most_axes = 8;
  const auto sampling = first_numbers(open_dataset(file, "sampling"), most_axes);
  const auto units = texts_dataset(file, "units");
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < std::min(sampling.size(), units.size()); ++i)
    axes.push_back({sampling[i], parse_unit(units[i]), {}});
  set_axes(image, axes, "abTEM sampling");
  return {std::move(image)};
}

}  // namespace metamict::hdf5
