// SPDX-License-Identifier: GPL-3.0-or-later
// The readers that the table (formats.cpp) names. Their messages leave out the path: the table puts
// it in front.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <tuple>
#include <vector>

#include "formats/bytes/array_axes.hpp"
#include "metamict/formats.hpp"

namespace metamict {

using Head = std::span<const unsigned char>;  ///< a file's first bytes, at most 4096
using Path = std::filesystem::path;

bool is_tiff(Head head, const Path& path);
std::vector<DatasetInfo> list_tiff(const Path& path, std::uint64_t max_pixels);
RawImage read_tiff(const ReadRequest& request);

bool is_png(Head head, const Path& path);
std::vector<DatasetInfo> list_png(const Path& path, std::uint64_t max_pixels);
RawImage read_png(const ReadRequest& request);

bool is_jpeg(Head head, const Path& path);
std::vector<DatasetInfo> list_jpeg(const Path& path, std::uint64_t max_pixels);
RawImage read_jpeg(const ReadRequest& request);

bool is_npy(Head head, const Path& path);
std::vector<DatasetInfo> list_npy(const Path& path, std::uint64_t max_pixels);
RawImage read_npy(const ReadRequest& request);
/// For formats that keep an array of numpy's beside its description: what the array is, its axes
/// and how many it has.
std::tuple<DatasetInfo, ArrayAxes, int> npy_axes(const Path& path);

bool is_dm(Head head, const Path& path);
std::vector<DatasetInfo> list_dm(const Path& path, std::uint64_t max_pixels);
RawImage read_dm(const ReadRequest& request);

bool is_ser(Head head, const Path& path);
std::vector<DatasetInfo> list_ser(const Path& path, std::uint64_t max_pixels);
RawImage read_ser(const ReadRequest& request);

bool is_mrc(Head head, const Path& path);
std::vector<DatasetInfo> list_mrc(const Path& path, std::uint64_t max_pixels);
RawImage read_mrc(const ReadRequest& request);

bool is_hdf5(Head head, const Path& path);
std::vector<DatasetInfo> list_hdf5(const Path& path, std::uint64_t max_pixels);
RawImage read_hdf5(const ReadRequest& request);
void read_hdf5_spectra(const Path& path, std::size_t dataset, std::uint64_t max_pixels,
                       const std::function<void(std::span<const float>)>& take_row);

bool is_npz(Head head, const Path& path);
std::vector<DatasetInfo> list_npz(const Path& path, std::uint64_t max_pixels);
RawImage read_npz(const ReadRequest& request);

bool is_ndata(Head head, const Path& path);
std::vector<DatasetInfo> list_ndata(const Path& path, std::uint64_t max_pixels);
RawImage read_ndata(const ReadRequest& request);

bool is_prz(Head head, const Path& path);
std::vector<DatasetInfo> list_prz(const Path& path, std::uint64_t max_pixels);
RawImage read_prz(const ReadRequest& request);

bool is_zip(Head head, const Path& path);
std::vector<DatasetInfo> list_zip(const Path& path, std::uint64_t max_pixels);
RawImage read_zip(const ReadRequest& request);

bool is_gzip(Head head, const Path& path);
std::vector<DatasetInfo> list_gzip(const Path& path, std::uint64_t max_pixels);
RawImage read_gzip(const ReadRequest& request);

/// The readers of single files, as they stand above, for what lies in an archive.
std::span<const Format> plain_readers();

}  // namespace metamict
