// SPDX-License-Identifier: GPL-3.0-or-later
// The pixels of a dataset as numbers.
#pragma once

#include <optional>
#include <vector>

#include "formats/hdf5/child/layouts.hpp"

namespace metamict::hdf5 {

/// Teaches the library the compression of h5py that it does not know (LZF).
void register_filters();

/// Throws InputError unless the file holds `pixels` pixels of the dataset, in a compression that
/// can be read.
void check_storage(hid_t dataset, std::uint64_t pixels, std::uint64_t file_bytes);

/// One frame, or the mean of all where `frame` is not set; float or double. Throws InputError for a
/// frame too many, a damaged file, and finite numbers that are outside the range of T.
template <typename T>
std::vector<T> read_pixels(hid_t dataset, const Image& image, std::optional<std::uint64_t> frame);

/// How many rows of a spectrum image are read together, so that a chunk is unpacked once: those
/// that a chunk covers, unless that is more than 256 MiB of numbers.
std::uint64_t rows_at_once(hid_t dataset, const Image& image);

/// The counts of `rows` rows from `first` on, fewer at the end: [rows x cols x channels]. Throws
/// InputError.
std::vector<float> read_spectra(hid_t dataset, const Image& image, std::uint64_t first,
                                std::uint64_t rows);

}  // namespace metamict::hdf5
