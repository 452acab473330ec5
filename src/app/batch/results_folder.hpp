// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the books of many images in one output folder: which are done, and how a finished one takes
// its final name.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "app/command_line/options.hpp"
#include "metamict/outputs.hpp"

namespace metamict::app {

/// What a finished image was made from. DONE.json holds it, with the hash of every output.
struct Provenance {
  std::string image_sha256, options_sha256, model_sha256, sidecar_sha256;
};

/// The files that lie beside the images' folders.
/// A shard has a run.toml and a run.json of its own, with its number: run.3.toml.
inline constexpr std::array files_beside_images = {"run.toml",
                                                   "run.json",
                                                   "series.json",
                                                   "series.csv",
                                                   "series.html",
                                                   "watch.html",
                                                   "summary.csv",
                                                   "index.html",
                                                   "metamict_series_mqc.json",
                                                   "metamict_trend_mqc.json"};

/// True for temporary files, and for what lies beside the images' folders.
bool is_reserved_name(const std::string& name);

std::string hash_of(const OptionTable& table);

/// The files that a folder's DONE.json vouches for. There are none when it is missing or cannot be
/// read.
std::vector<WrittenFile> finished_files(const std::filesystem::path& folder);

/// True when DONE.json names the same image, options and model, and every file in it is there, byte
/// for byte.
bool is_finished(const std::filesystem::path& folder, const Provenance& provenance);

/// Where an image's files are gathered before they take their final names.
std::filesystem::path staging_of(const std::filesystem::path& folder);

/// Throws OutputError when the place is no folder, or a link, through which files would land
/// elsewhere.
void check_place(const std::filesystem::path& folder);

/// Writes DONE.json into the staging folder and moves everything to `folder`. Where there is
/// nothing yet, one rename does it. Else files move one by one, DONE.json last, and files of an
/// earlier run that this one did not make are removed; the user's own stay. Nothing is moved or
/// removed through a link. Throws OutputError.
void publish(const std::filesystem::path& folder, const std::vector<WrittenFile>& files,
             const Provenance& provenance);

/// Removes what an interrupted run left in a folder: its staging folder, files ending in .part, and
/// what a replacement had already moved when it was cut short. Throws nothing.
void remove_stale(const std::filesystem::path& folder);

}  // namespace metamict::app
