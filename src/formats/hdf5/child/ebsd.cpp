// SPDX-License-Identifier: GPL-3.0-or-later
// The electron images in the HDF5 exports of Bruker Esprit, EDAX OIM and Oxford AZtec (h5oina),
// which lie beside maps and patterns. Their headers are in micrometres.
#include <algorithm>

#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

namespace {

// The first of these paths that holds a number.
std::optional<double> first_number(hid_t file, const std::string& scan,
                                   std::initializer_list<const char*> places) {
  for (const char* place : places)
    if (const auto number = number_dataset(file, scan + place)) return number;
  return std::nullopt;
}

void set_microns(Image& image, std::optional<double> y, std::optional<double> x,
                 const std::string& source) {
  if (y && x)
    set_pixel_size(image.info,
                   pixel_size_from({*y, *x}, {parse_unit("um"), parse_unit("um")}, source));
}

Image bruker_image(hid_t file, const std::string& path, const std::string& scan) {
  Image image = describe(file, path);
  if (image.info.reason.find("looks like colour") != std::string::npos) {  // grey kept as colour
    const auto shape = shape_of(open_dataset(file, path)).value_or(std::vector<std::uint64_t>());
    image.info = {image.info.name, 0, 0, 1, image.info.dtype, {}, "unknown", true, {}, {}};
    image.axes = set_array_axes(image.info, {shape.at(0), shape.at(1)});
    image.info.notes.emplace_back("the image is kept as colour: its red was taken");
  }
  set_microns(image,
              first_number(file, scan, {"/EBSD/Header/SEPixelSizeY", "/SEM/SEM YResolution"}),
              first_number(file, scan, {"/EBSD/Header/SEPixelSizeX", "/SEM/SEM XResolution"}),
              "Bruker header");
  return image;
}

// Only an image of the map's own points has the map's step.
Image edax_image(hid_t file, const std::string& path, const std::string& scan) {
  Image image = describe(file, path);
  const auto rows = first_number(file, scan, {"/EBSD/Header/nRows", "/Sample/Number Of Rows"}),
             cols =
                 first_number(file, scan, {"/EBSD/Header/nColumns", "/Sample/Number Of Columns"});
  if (rows == image.info.rows && cols == image.info.cols)
    set_microns(image, first_number(file, scan, {"/EBSD/Header/Step Y", "/Sample/Step Y"}),
                first_number(file, scan, {"/EBSD/Header/Step X", "/Sample/Step X"}), "EDAX header");
  return image;
}

Image oxford_image(hid_t file, const std::string& path, const std::string& scan) {
  Image image = describe(file, path);
  const std::string header = scan + "/Electron Image/Header/";
  const auto rows = number_dataset(file, header + "Y Cells"),
             cols = number_dataset(file, header + "X Cells");
  const auto shape = shape_of(open_dataset(file, path)).value_or(std::vector<std::uint64_t>());
  if (rows && cols && shape.size() == 1 && *rows >= 1 && *cols >= 1 &&
      *rows * *cols == static_cast<double>(shape[0])) {
    const bool real = type_of(open_dataset(file, path)).second;
    image.info = {image.info.name,
                  0,
                  0,
                  1,
                  image.info.dtype,
                  {},
                  "unknown",
                  real,
                  real ? "" : "no grey values",
                  {}};
    set_array_axes(image.info,
                   {static_cast<std::uint64_t>(*rows), static_cast<std::uint64_t>(*cols)});
    image.flat = true;
  }
  set_microns(image, number_dataset(file, header + "Y Step"),
              number_dataset(file, header + "X Step"), "Oxford header");
  return image;
}

struct Maker {
  const char* within;  ///< what the path of its images holds
  Image (*read)(hid_t file, const std::string& path, const std::string& scan);
};
constexpr Maker makers[] = {{"/SEM/SEM Image", bruker_image},
                            {"/EBSD/Header/SEM Image", bruker_image},
                            {"/SEM-PRIAS Images/Data/", edax_image},
                            {"/SEM-PRIAS Images/DATA/", edax_image},
                            {"/Electron Image/Data/", oxford_image}};

}  // namespace

std::vector<Image> ebsd_images(hid_t file) {
  std::vector<Image> images;
  for (const auto& [path, type] : objects(file))
    for (const auto& maker : makers)
      if (const auto at = path.find(maker.within);
          type == H5O_TYPE_DATASET && at != std::string::npos) {
        images.push_back(maker.read(file, path, path.substr(0, at)));
        break;
      }
  return images;
}

}  // namespace metamict::hdf5
