// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/results_folder.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "app/process/signals.hpp"
#include "base/sha256.hpp"
#include "base/system/whole_file.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

void rename_or_throw(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure) throw OutputError(to.string() + " cannot be written: " + failure.message());
}

}  // namespace

bool is_reserved_name(const std::string& name) {
  const bool of_shard =
      name.starts_with("run.") && (name.ends_with(".json") || name.ends_with(".toml"));
  return of_shard || name.ends_with(".part") || name.starts_with(".metamict.") ||
         std::find(files_beside_images.begin(), files_beside_images.end(), name) !=
             files_beside_images.end();
}

std::string hash_of(const OptionTable& table) {
  const std::string text = to_toml(table);
  Sha256 hash;
  hash.update({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
  return hash.hex();
}

namespace {

constexpr const char* done_name = "DONE.json";
constexpr const char* replaced_name =
    "replaced.json";  // in the staging folder: DONE.json of what is being replaced

Json read_done(const fs::path& path) {
  std::ifstream file(path);
  return file ? Json::parse(file, nullptr, false) : Json(Json::value_t::discarded);
}

std::vector<WrittenFile> files_of(const Json& done) {
  std::vector<WrittenFile> files;
  for (const Json& one : done.at("outputs"))
    files.push_back({one.at("path").get<std::string>(), one.at("sha256").get<std::string>(),
                     one.at("bytes").get<std::uint64_t>()});
  return files;
}

std::vector<WrittenFile> files_named_by(const fs::path& done_json) {
  try {
    const Json done = read_done(done_json);
    return done.is_object() ? files_of(done) : std::vector<WrittenFile>{};
  } catch (const std::exception&) {
    return {};  // a DONE.json that is not ours or cannot be read vouches for nothing
  }
}

/// True for a path that stays below the folder and goes through no link, because DONE.json may be
/// anyone's work. Its last part may be a link: renaming onto it or removing it does not touch what
/// it points to.
bool stays_inside(const fs::path& folder, const fs::path& relative) {
  if (relative.empty() || relative.is_absolute()) return false;
  fs::path at = folder;
  std::error_code ignored;
  for (const fs::path& part : relative) {
    if (part == ".." || part == "." || fs::is_symlink(fs::symlink_status(at, ignored)))
      return false;
    at /= part;
  }
  return true;
}

void remove_ours(const fs::path& folder, const fs::path& file) {
  if (!stays_inside(folder, file)) return;
  std::error_code ignored;
  fs::remove(folder / file, ignored);
  if (file.has_parent_path())
    fs::remove((folder / file).parent_path(), ignored);  // only when it is empty now
}

/// Removes what a replacement had moved when it was cut short. It is a mixture of two runs that no
/// DONE.json covers.
void undo_replacement(const fs::path& folder) {
  const fs::path staging = staging_of(folder);
  std::error_code ignored;
  if (fs::exists(folder / done_name, ignored)) return;
  for (const char* list : {replaced_name, done_name})
    for (const WrittenFile& file : files_named_by(staging / list)) remove_ours(folder, file.path);
}

}  // namespace

std::vector<WrittenFile> finished_files(const fs::path& folder) {
  return files_named_by(folder / done_name);
}

bool is_finished(const fs::path& folder, const Provenance& provenance) try {
  const Json done = read_done(folder / done_name);
  if (!done.is_object()) return false;
  if (done.at("image_sha256") != provenance.image_sha256 ||
      done.at("options_sha256") != provenance.options_sha256 ||
      done.at("model_sha256") != provenance.model_sha256 ||
      done.at("sidecar_sha256") != provenance.sidecar_sha256)
    return false;
  for (const WrittenFile& file : files_of(done)) {
    std::error_code failure;
    if (!stays_inside(folder, file.path)) return false;
    if (fs::file_size(folder / file.path, failure) != file.bytes || failure) return false;
    if (sha256_of_file(folder / file.path) != file.sha256) return false;
  }
  return true;
} catch (const std::exception&) {
  return false;  // unreadable or not ours: done again rather than trusted
}

fs::path staging_of(const fs::path& folder) { return folder.string() + ".part"; }

void check_place(const fs::path& folder) {
  std::error_code failure;
  const fs::file_status status = fs::symlink_status(folder, failure);
  if (fs::is_symlink(status))
    throw OutputError(folder.string() +
                      " is a link: results are written below the output folder only, so remove it "
                      "or give another --output");
  if (fs::exists(status) && !fs::is_directory(status))
    throw OutputError(folder.string() + " is in the way: it is not a folder");
}

namespace {

void write_done(const fs::path& staging, const std::vector<WrittenFile>& files,
                const Provenance& provenance) {
  Json done{{"schema", 1},
            {"metamict", METAMICT_VERSION},
            {"image_sha256", provenance.image_sha256},
            {"options_sha256", provenance.options_sha256},
            {"model_sha256", provenance.model_sha256},
            {"sidecar_sha256", provenance.sidecar_sha256},
            {"outputs", Json::array()}};
  for (const WrittenFile& file : files)
    done["outputs"].push_back(
        {{"path", file.path.generic_string()}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  write_whole(staging / done_name, done.dump(2) + "\n");
}

/// Moves files into a folder that holds results already, or files of the user's own.
void replace(const fs::path& folder, const std::vector<WrittenFile>& files) {
  const fs::path staging = staging_of(folder);
  for (const WrittenFile& file : files)
    if (!stays_inside(folder, file.path))
      throw OutputError((folder / file.path).string() +
                        " would be written through a link: remove the link");
  std::set<fs::path> stale, folders{folder};
  for (const WrittenFile& file : finished_files(folder)) stale.insert(file.path);
  if (fs::exists(folder / done_name)) rename_or_throw(folder / done_name, staging / replaced_name);
  std::error_code ignored;
  for (const WrittenFile& file : files) {
    fs::create_directories((folder / file.path).parent_path(), ignored);
    rename_or_throw(staging / file.path, folder / file.path);
    stale.erase(file.path);
    folders.insert((folder / file.path).parent_path());
  }
  for (const fs::path& file : stale) remove_ours(folder, file);
  for (const fs::path& one : folders) sync_folder(one);
  rename_or_throw(staging / done_name, folder / done_name);
  sync_folder(folder);
  fs::remove_all(staging, ignored);
}

}  // namespace

void publish(const fs::path& folder, const std::vector<WrittenFile>& files,
             const Provenance& provenance) {
  check_place(folder);
  const fs::path staging = staging_of(folder);
  write_done(staging, files, provenance);
  const auto undivided = hold_off_hurry();
  if (fs::exists(folder)) return replace(folder, files);
  rename_or_throw(staging, folder);
  sync_folder(folder.parent_path());
}

void remove_stale(const fs::path& folder) try {
  std::error_code ignored;
  undo_replacement(folder);
  fs::remove_all(staging_of(folder), ignored);
  if (!fs::is_directory(fs::symlink_status(folder, ignored))) return;
  std::vector<fs::path> parts;
  for (fs::recursive_directory_iterator
           entry(folder, fs::directory_options::skip_permission_denied, ignored),
       end;
       entry != end; entry.increment(ignored)) {
    if (entry->path().extension() == ".part") parts.push_back(entry->path());
    if (ignored) break;
  }
  for (const fs::path& part : parts) fs::remove_all(part, ignored);
} catch (const std::exception&) {
  // it clears up after a failure, whose sentence matters more; --resume comes by here again
}

}  // namespace metamict::app
