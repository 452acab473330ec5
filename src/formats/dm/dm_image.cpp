// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/dm/dm_image.hpp"

#include <limits>

#include "formats/bytes/array_axes.hpp"
#include "formats/bytes/pixel_size.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

std::string type_name(int data_type) {
  if (const auto sample = dm_sample(data_type)) return data_type == 14 ? "bool" : name_of(*sample);
  switch (data_type) {
    case 3:
    case 5:
    case 27:
      return "complex64";
    case 13:
    case 28:
      return "complex128";
    case 8:
    case 23:
      return "rgba8";
    default:
      return "type " + std::to_string(data_type);
  }
}

std::string refusal(const DmImage& image) {
  const std::string type = type_name(image.data_type);
  if (type.starts_with("complex")) return "complex numbers";
  if (type == "rgba8") return "colour";
  if (!dm_sample(image.data_type))
    return "Gatan's data type " + std::to_string(image.data_type) + " is not supported";
  // A line scan of spectra or a spectrum has the shape of an image: only its description tells.
  if (image.format.starts_with("Spectrum")) return "a spectrum (" + image.format + ")";
  for (const auto& axis : image.axes)
    if (axis.unit == "eV" || axis.unit == "keV")
      return "a spectrum: one of its axes is in " + axis.unit;
  return {};
}

}  // namespace

int whole_tag(std::optional<double> number) {
  constexpr double most = 1e6;
  return number && *number >= 0 && *number <= most ? static_cast<int>(*number) : -1;
}

std::optional<Sample> dm_sample(int data_type) {
  switch (data_type) {
    case 1:
      return Sample::i16;
    case 2:
      return Sample::f32;
    case 6:
    case 14:
      return Sample::u8;
    case 7:
      return Sample::i32;
    case 9:
      return Sample::i8;
    case 10:
      return Sample::u16;
    case 11:
      return Sample::u32;
    case 12:
      return Sample::f64;
    case 39:
      return Sample::i64;
    case 40:
      return Sample::u64;
    default:
      return std::nullopt;
  }
}

DatasetInfo describe_dm(const DmImage& image) {
  DatasetInfo info;
  info.name = image.name.empty() ? "image" : image.name;
  info.dtype = type_name(image.data_type);
  for (const auto& axis : image.axes)
    if (axis.size == 0 || axis.size > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
      throw InputError("damaged: the image \"" + info.name + "\" claims a side of " +
                       std::to_string(axis.size));
  info.reason = refusal(image);
  info.image = info.reason.empty();
  // Gatan counts the axes from the fastest on, numpy from the slowest.
  std::vector<std::uint64_t> shape;
  for (const auto& axis : image.axes) shape.insert(shape.begin(), axis.size);
  const ArrayAxes places = set_array_axes(info, shape);
  if (image.axes.size() < 2) return info;
  const DmAxis &y = image.axes[image.axes.size() - 1 - static_cast<std::size_t>(places.row)],
               &x = image.axes[image.axes.size() - 1 - static_cast<std::size_t>(places.col)];
  set_pixel_size(info, pixel_size_from({y.scale, x.scale}, {parse_unit(y.unit), parse_unit(x.unit)},
                                       "Gatan tags"));
  return info;
}

}  // namespace metamict
