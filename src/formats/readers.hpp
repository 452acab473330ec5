// SPDX-License-Identifier: GPL-3.0-or-later
// The readers that the table (table.cpp) names. Their messages leave out the path: the table puts it in front.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

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

}  // namespace metamict
