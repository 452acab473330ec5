// SPDX-License-Identifier: GPL-3.0-or-later
// Gatan DM5: the tags of DM4, kept in HDF5.
#include <algorithm>

#include "formats/dm/dm_image.hpp"
#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

namespace {

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
    image.axes.push_back({shape[shape.size() - 1 - i],
                          number_attribute(calibration, "Scale").value_or(1),
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

std::vector<Image> dm5_images(hid_t file) {
  std::vector<Image> images;
  const Handle list = open_object(file, "ImageList");
  const std::vector<std::string> places = members(list);
  const std::vector<int> thumbnails = dm5_thumbnails(file);
  for (const auto& place : places) {
    const bool thumbnail = std::any_of(thumbnails.begin(), thumbnails.end(), [&](int i) {
      return place == "[" + std::to_string(i) + "]";
    });
    if (thumbnail && places.size() > thumbnails.size()) continue;
    Image image = describe(list, place + "/ImageData/Data");
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

}  // namespace metamict::hdf5
