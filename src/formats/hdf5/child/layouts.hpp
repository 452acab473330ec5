// SPDX-License-Identifier: GPL-3.0-or-later
// Which images an HDF5 file holds, by the layout of the program that wrote it.
#pragma once

#include <string>
#include <vector>

#include "formats/hdf5/child/handle.hpp"
#include "metamict/formats.hpp"

namespace metamict::hdf5 {

/// A dataset and which of its axes are the image's.
struct Image {
  DatasetInfo info;
  std::string path;
  int row_axis = 0, col_axis = 1, frame_axis = -1;
};

/// The program's name for the layout ("Velox EMD") and its datasets. Throws InputError for a layout that is not
/// supported.
struct Contents {
  std::string layout;
  std::vector<Image> images;
};
Contents contents_of(hid_t file);

/// Fills rows, cols, frames and type from the array; `frame_axis` is 0, 2 or -1 (none or the only possible). What
/// cannot be an image is marked so.
Image describe(hid_t in, const std::string& path, int frame_axis);

// One per layout, each in its file; empty when the file is not of this layout.
std::vector<Image> velox_images(hid_t file);
std::vector<Image> ncem_images(hid_t file);
std::vector<Image> hyperspy_images(hid_t file);
std::vector<Image> dm5_images(hid_t file);
std::vector<Image> plain_images(hid_t file);

}  // namespace metamict::hdf5
