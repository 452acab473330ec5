// SPDX-License-Identifier: GPL-3.0-or-later
// Which images an HDF5 file holds, by the layout of the program that wrote it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/bytes/array_axes.hpp"
#include "formats/bytes/pixel_size.hpp"
#include "formats/hdf5/child/handle.hpp"
#include "metamict/formats.hpp"

namespace metamict::hdf5 {

/// A dataset and which of its axes are the image's.
struct Image {
  DatasetInfo info;
  std::string path;
  ArrayAxes axes;
  bool flat = false;      ///< its rows lie one behind the other in a single axis
  int channel_axis = -1;  ///< of a spectrum image
};

/// The program's name for the layout ("Velox EMD") and its datasets. Throws InputError for a layout
/// that is not supported.
struct Contents {
  std::string layout;
  std::vector<Image> images;
};
Contents contents_of(hid_t file);

/// Fills rows, cols, frames and type from the array. What cannot be an image is marked so.
Image describe(hid_t in, const std::string& path, bool frames_last = false);

bool is_energy(const Unit& unit);

/// Marks it as no image, for the first reason given.
void refuse(DatasetInfo& info, const std::string& reason);

/// What the file says of one axis of an array.
struct Axis {
  double scale = 0;  ///< 0 when it is not said
  Unit unit;
  std::string name;
  std::optional<double> offset = {};  ///< of the first point
};

/// Says that one axis of the array holds the channels of a spectrum. Where two others are left it
/// is a spectrum image, whose rows and columns they are.
void set_channels(Image& image, const std::vector<std::uint64_t>& shape, std::size_t channel_axis,
                  const Axis& energy);

/// An axis given by the coordinates of its points.
Axis coordinate_axis(hid_t dataset, const char* units_attribute);

/// The pixel size from the axes of the array, one for each; an axis in electronvolt makes it a
/// spectrum.
void set_axes(Image& image, const std::vector<Axis>& axes, const std::string& source);

/// Every object that hard links reach, by path; links to other files are never followed. Throws
/// InputError.
std::vector<std::pair<std::string, H5O_type_t>> objects(hid_t file);

std::string after_last_slash(const std::string& path);

// One per layout, each in its file; empty when the file is not of this layout.
std::vector<Image> velox_images(hid_t file);
std::vector<Image> ncem_images(hid_t file);
std::vector<Image> hyperspy_images(hid_t file);
std::vector<Image> dm5_images(hid_t file);
std::vector<Image> nexus_images(hid_t file);
std::vector<Image> usid_images(hid_t file);
std::vector<Image> swift_images(hid_t file);
std::vector<Image> abtem_images(hid_t file);
std::vector<Image> ebsd_images(hid_t file);
std::vector<Image> plain_images(hid_t file);

}  // namespace metamict::hdf5
