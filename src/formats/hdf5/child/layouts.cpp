// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/hdf5/child/layouts.hpp"

#include <algorithm>
#include <limits>

#include "formats/bytes/units.hpp"
#include "formats/dm/dm_image.hpp"
#include "metamict/errors.hpp"

namespace metamict::hdf5 {

namespace {

constexpr std::size_t most_objects = 20000;

void refuse(DatasetInfo& info, const std::string& reason) {
  if (info.image) info.reason = reason;
  info.image = false;
}

int side(std::uint64_t length) {
  if (length > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
    throw InputError("damaged: a dataset claims a side of " + std::to_string(length));
  return static_cast<int>(length);
}

// Every object that hard links reach, by path; links to other files are never followed.
std::vector<std::pair<std::string, H5O_type_t>> objects(hid_t file) {
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

// --- NCEM EMD -------------------------------------------------------------------------------------------------------

bool is_ncem_group(hid_t group) {
  const auto kind = number_attribute(group, "emd_group_type");
  return (kind && *kind == 1) || text_attribute(group, "emd_group_type") == "array";
}

struct Axis {
  double scale = 0;
  Unit unit;
  std::string name;
};

Axis read_axis(hid_t group, const std::string& dim) {
  const Handle dataset = open_dataset(group, dim);
  if (!dataset) return {};
  const auto values = first_numbers(dataset, 2);
  return {values.size() == 2 ? values[1] - values[0] : 0, parse_unit(text_attribute(dataset, "units")),
          text_attribute(dataset, "name")};
}

std::vector<Axis> read_axes(hid_t group, std::size_t rank) {
  const int first = has(group, "dim0") ? 0 : 1;
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < rank; ++i)
    axes.push_back(read_axis(group, "dim" + std::to_string(first + static_cast<int>(i))));
  return axes;
}

// Simulations keep depth or detector angle in the last axis, acquisitions the frame in the first.
bool frames_are_last(const std::vector<Axis>& axes) {
  const auto length = [&](std::size_t i) { return axes[i].unit.kind == UnitKind::length; };
  return axes.size() == 3 && length(0) && length(1) && (!length(2) || axes[2].name.ends_with("z"));
}

std::string data_name(hid_t group) {
  if (has(group, "data")) return "data";
  for (const auto& name : members(group))
    if (!name.starts_with("dim") && open_dataset(group, name)) return name;
  return {};
}

// --- HyperSpy -------------------------------------------------------------------------------------------------------

struct HyperSpyAxis {
  double scale = 0;
  Unit unit;
  std::optional<bool> navigate;
};

HyperSpyAxis read_hyperspy_axis(hid_t experiment, std::size_t i) {
  const Handle axis = open_object(experiment, "axis-" + std::to_string(i));
  if (!axis) return {};
  const auto navigate = number_attribute(axis, "navigate");
  return {number_attribute(axis, "scale").value_or(0), parse_unit(text_attribute(axis, "units")),
          navigate ? std::optional(*navigate != 0) : std::nullopt};
}

// How many axes are the signal: two for images, one for spectra.
std::size_t signal_axes(hid_t experiment, const std::vector<HyperSpyAxis>& axes) {
  if (std::all_of(axes.begin(), axes.end(), [](const auto& axis) { return axis.navigate.has_value(); })) {
    const auto signal = std::count_if(axes.begin(), axes.end(), [](const auto& axis) { return !*axis.navigate; });
    return signal == 0 ? std::min<std::size_t>(axes.size(), 2)
                       : static_cast<std::size_t>(signal);  // a map of numbers is an image
  }
  for (const char* where : {"metadata/Signal", "mapped_parameters"}) {
    const Handle description = open_object(experiment, where);
    if (const std::string kind = text_attribute(description, "record_by"); !kind.empty())
      return kind == "image" ? 2 : 1;
  }
  return std::min<std::size_t>(axes.size(), 2);
}

Image read_experiment(hid_t experiments, const std::string& name) {
  Image image = describe(experiments, name + "/data", 0);
  image.path = "Experiments/" + image.path;
  image.info.name = name;
  const Handle experiment = open_object(experiments, name);
  const Handle data = open_dataset(experiments, name + "/data");
  const auto shape = shape_of(data);
  if (!shape || shape->size() < 2) return image;
  std::vector<HyperSpyAxis> axes;
  for (std::size_t i = 0; i < shape->size(); ++i) axes.push_back(read_hyperspy_axis(experiment, i));
  const Handle signal = open_object(experiment, "metadata/Signal");
  if (signal_axes(experiment, axes) == 1) refuse(image.info, "spectra");
  if (text_attribute(signal, "signal_type").ends_with("diffraction"))
    refuse(image.info, "diffraction: the file calls itself so");
  const auto &y = axes[axes.size() - 2], &x = axes[axes.size() - 1];
  set_pixel_size(image.info, pixel_size_from({y.scale, x.scale}, {y.unit, x.unit}, "HyperSpy axes"));
  return image;
}

// --- DM5 ------------------------------------------------------------------------------------------------------------

DmImage read_dm5(hid_t list, const std::string& place, const std::vector<std::uint64_t>& shape) {
  DmImage image;
  const Handle root = open_object(list, place), data = open_object(list, place + "/ImageData"),
               meta = open_object(list, place + "/ImageTags/Meta Data");
  image.name = text_attribute(root, "Name");
  if (image.name == "/") image.name.clear();
  image.format = text_attribute(meta, "Format");
  image.data_type = whole_tag(number_attribute(data, "DataType"));
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const Handle calibration =
        open_object(list, place + "/ImageData/Calibrations/Dimension/[" + std::to_string(i) + "]");
    image.axes.push_back({shape[shape.size() - 1 - i], number_attribute(calibration, "Scale").value_or(1),
                          text_attribute(calibration, "Units")});
  }
  return image;
}

std::vector<int> dm5_thumbnails(hid_t file) {
  std::vector<int> places;
  const Handle thumbnails = open_object(file, "Thumbnails");
  for (const auto& name : members(thumbnails))
    if (const auto index = number_attribute(open_object(thumbnails, name), "ImageIndex"))
      places.push_back(whole_tag(index));
  return places;
}

}  // namespace

Image describe(hid_t in, const std::string& path, int frame_axis) {
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
                       : type.starts_with("rgb")   ? "colour"
                                                   : "values of the kind \"" + type + "\" are no grey values");
  const auto shape = shape_of(dataset);
  const std::size_t rank = shape ? shape->size() : 0;
  if (rank < 2 || rank > 3) {
    if (rank >= 1) image.info.cols = side(shape->back());
    if (rank >= 1) image.info.rows = rank == 1 ? 1 : side((*shape)[rank - 2]);
    refuse(image.info, rank == 0   ? "a single value"
                       : rank == 1 ? "a spectrum or profile"
                                   : "data of " + std::to_string(rank) + " dimensions");
    return image;
  }
  if (rank == 3) image.frame_axis = frame_axis == 2 ? 2 : 0;
  image.row_axis = image.frame_axis == 0 ? 1 : 0;
  image.col_axis = image.row_axis + 1;
  image.info.rows = side((*shape)[static_cast<std::size_t>(image.row_axis)]);
  image.info.cols = side((*shape)[static_cast<std::size_t>(image.col_axis)]);
  if (rank == 3) image.info.frames = side((*shape)[static_cast<std::size_t>(image.frame_axis)]);
  if (image.info.rows == 0 || image.info.cols == 0 || image.info.frames == 0) refuse(image.info, "an empty array");
  if (image.info.rows == 1 || image.info.cols == 1) refuse(image.info, "a spectrum or profile");
  return image;
}

std::vector<Image> ncem_images(hid_t file) {
  std::vector<Image> images;
  for (const auto& [path, type] : objects(file)) {
    if (type != H5O_TYPE_GROUP) continue;
    const Handle group(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
    if (!group || !is_ncem_group(group)) continue;
    const std::string name = data_name(group);
    const Handle data = name.empty() ? Handle() : open_dataset(group, name);
    if (!data) continue;
    const auto shape = shape_of(data);
    const auto axes = read_axes(group, shape && shape->size() <= 8 ? shape->size() : 0);
    Image image = describe(group, name, frames_are_last(axes) ? 2 : 0);
    image.path = path + "/" + name;
    image.info.name = after_last_slash(path);
    if (axes.size() == 2 || axes.size() == 3) {
      const Axis &y = axes[static_cast<std::size_t>(image.row_axis)],
                 &x = axes[static_cast<std::size_t>(image.col_axis)];
      if (text_attribute(group, "record_by") == "spectrum") refuse(image.info, "spectra");
      set_pixel_size(image.info, pixel_size_from({y.scale, x.scale}, {y.unit, x.unit}, "NCEM axes"));
    }
    images.push_back(std::move(image));
  }
  return images;
}

std::vector<Image> hyperspy_images(hid_t file) {
  std::vector<Image> images;
  const Handle experiments = open_object(file, "Experiments");
  for (const auto& name : members(experiments)) images.push_back(read_experiment(experiments, name));
  return images;
}

std::vector<Image> dm5_images(hid_t file) {
  std::vector<Image> images;
  const Handle list = open_object(file, "ImageList");
  const std::vector<std::string> places = members(list);
  const std::vector<int> thumbnails = dm5_thumbnails(file);
  for (const auto& place : places) {
    const bool thumbnail = std::any_of(thumbnails.begin(), thumbnails.end(),
                                       [&](int i) { return place == "[" + std::to_string(i) + "]"; });
    if (thumbnail && places.size() > thumbnails.size()) continue;
    Image image = describe(list, place + "/ImageData/Data", 0);
    image.path = "ImageList/" + image.path;
    const Handle data = open_dataset(list, place + "/ImageData/Data");
    const auto shape = data ? shape_of(data) : std::nullopt;
    if (shape && !shape->empty() && image.info.dtype != "other") {
      const DatasetInfo described = describe_dm(read_dm5(list, place, *shape));
      const std::string type = image.info.dtype;
      image.info = described;
      if (described.image) image.info.dtype = type;
    }
    images.push_back(std::move(image));
  }
  return images;
}

std::vector<Image> plain_images(hid_t file) {
  std::vector<Image> images;
  for (const auto& [path, type] : objects(file))
    if (type == H5O_TYPE_DATASET) {
      Image image = describe(file, path, 0);
      if (image.info.rows > 1 && image.info.cols > 1) images.push_back(std::move(image));
    }
  // Nothing says which is the image, but tables beside it are smaller and copies of it lie deeper.
  std::stable_sort(images.begin(), images.end(), [](const Image& a, const Image& b) {
    const auto pixels = [](const Image& image) { return static_cast<std::int64_t>(image.info.rows) * image.info.cols; };
    const auto depth = [](const Image& image) { return std::count(image.path.begin(), image.path.end(), '/'); };
    return pixels(a) != pixels(b) ? pixels(a) > pixels(b) : depth(a) < depth(b);
  });
  return images;
}

Contents contents_of(hid_t file) {
  if (has(file, "Data") && has(file, "Version")) return {"Velox EMD", velox_images(file)};
  if (has(file, "Experiments")) return {"HyperSpy", hyperspy_images(file)};
  if (has(file, "ImageList")) return {"DM5", dm5_images(file)};
  if (auto images = ncem_images(file); !images.empty()) return {"NCEM EMD", std::move(images)};
  for (const auto& name : members(file))
    if (text_attribute(open_object(file, name), "NX_class") == "NXentry")
      throw InputError("unsupported format (NeXus): export the image as TIFF or HyperSpy .hspy");
  return {"HDF5", plain_images(file)};
}

}  // namespace metamict::hdf5
