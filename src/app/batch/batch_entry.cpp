// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/batch_entry.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <sstream>

#include "app/batch/results_folder.hpp"
#include "app/command_line/values.hpp"
#include "base/csv.hpp"
#include "base/text_file.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

/// Columns of a manifest and the options that they stand for.
constexpr std::pair<const char*, const char*> option_columns[] = {{"pixel_size", "pixel-size"},
                                                                  {"dataset", "dataset"},
                                                                  {"crop", "crop"},
                                                                  {"mask", "mask"},
                                                                  {"maps", "maps"}};

/// One name a line, whatever stands in it.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (lines.empty() && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

/// A list of element maps whose files begin at a folder.
std::string maps_from(const fs::path& folder, const std::string& text) {
  std::string from;
  for (const std::string& part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    if (!from.empty()) from += ',';
    if (equals != std::string::npos)
      from += part.substr(0, equals + 1) + (folder / part.substr(equals + 1)).string();
    else
      from += text.find('=') == std::string::npos ? (folder / part).string() : part;
  }
  (void)files_of_maps(from);
  return from;
}

BatchEntry entry_of(const CsvTable& table, const CsvTable::Row& row, std::size_t image,
                    const fs::path& folder) {
  BatchEntry entry{folder / CsvTable::cell(row, image), {}, {}};
  if (const auto name = table.column("name")) entry.name = CsvTable::cell(row, *name);
  for (const auto& [column_name, option] : option_columns) {
    const auto column = table.column(column_name);
    if (!column || CsvTable::cell(row, *column).empty()) continue;
    std::string value = CsvTable::cell(row, *column);
    if (std::string(option) == "pixel-size") value = table.with_point(value);
    if (std::string(option) == "crop") std::replace(value.begin(), value.end(), ' ', ',');
    if (std::string(option) == "mask") value = (folder / value).string();
    if (std::string(option) == "maps") value = maps_from(folder, value);
    entry.overrides.emplace_back(option, value);
  }
  (void)with_overrides(LoadOptions{}, entry.overrides);
  return entry;
}

std::vector<BatchEntry> entries_of_table(const CsvTable& table, std::size_t image,
                                         const fs::path& path) {
  std::vector<BatchEntry> entries;
  for (const CsvTable::Row& row : table.rows) {
    const std::string where =
        "manifest " + path.string() + ", line " + std::to_string(row.line) + ": ";
    if (CsvTable::cell(row, image).empty()) throw UsageError(where + "no image is named");
    try {
      entries.push_back(entry_of(table, row, image, path.parent_path()));
    } catch (const UsageError& error) {
      throw UsageError(where + error.what());
    }
  }
  return entries;
}

std::uint64_t cost_of(const BatchEntry& entry, const LoadOptions& options) {
  try {
    const LoadOptions own = with_overrides(options, entry.overrides);
    if (own.crop) return static_cast<std::uint64_t>(own.crop->area());
    const auto datasets = recognise_format(entry.image).list(entry.image, own.max_pixels);
    const DatasetInfo& chosen = datasets[choose_dataset(datasets, own.dataset)];
    return static_cast<std::uint64_t>(chosen.rows) * static_cast<std::uint64_t>(chosen.cols);
  } catch (const Error&) {
    std::error_code ignored;
    const std::uintmax_t size = fs::file_size(entry.image, ignored);
    return ignored ? 0 : size;
  }
}

int variable(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return otherwise;
  return static_cast<int>(parse_whole(name, text, 0, 1 << 30));
}

}  // namespace

std::vector<BatchEntry> read_manifest(const fs::path& path) {
  const std::optional<std::string> text = text_of_file(path);
  if (!text)
    throw UsageError("manifest " + path.string() +
                     " cannot be read: give the path of an existing file");
  const CsvTable table = csv_table(*text);
  if (table.header.empty()) throw UsageError("manifest " + path.string() + " names no image");
  std::vector<BatchEntry> entries;
  if (const auto image = table.column("image")) {
    entries = entries_of_table(table, *image, path);
  } else {  // a name may hold commas and quotes
    const std::vector<std::string> lines = lines_of(*text);
    if (table.header.size() > 1 && !fs::exists(path.parent_path() / lines.front()))
      throw UsageError("manifest " + path.string() + " has no column named image: its header is '" +
                       lines.front() + "'");
    for (const std::string& line : lines) entries.push_back({path.parent_path() / line, {}, {}});
  }
  if (entries.empty()) throw UsageError("manifest " + path.string() + " names no image");
  return entries;
}

std::vector<std::string> names_of(const std::vector<BatchEntry>& entries) {
  std::vector<std::string> names;
  std::map<std::string, fs::path> seen;
  for (const BatchEntry& entry : entries) {
    const fs::path& image = entry.image;
    std::string name = entry.name.empty() ? image.stem().string() : entry.name;
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
      throw UsageError("'" + (entry.name.empty() ? image.string() : name) +
                       (entry.name.empty() ? "' is not the name of an image"
                                           : "' cannot be the name of a folder"));
    if (is_reserved_name(name))
      throw UsageError(image.string() + ": its results would lie in a folder called " + name +
                       ", a name that metamict keeps for itself: rename the image");
    const auto [other, fresh] = seen.emplace(name, image);
    if (std::error_code failure;
        !fresh && entry.name.empty() && fs::equivalent(other->second, image, failure))
      throw UsageError(image.string() + " is given twice: give each image once");
    if (!fresh)
      throw UsageError(other->second.string() + " and " + image.string() +
                       " would both write into the folder " + name +
                       ": rename one, give them names in a manifest, or give them separate output "
                       "folders");
    names.push_back(std::move(name));
  }
  return names;
}

OptionTable with_overrides(OptionTable table, const OptionTable& overrides) {
  for (const auto& [name, value] : overrides) {
    const auto present = std::find_if(table.begin(), table.end(),
                                      [&](const auto& entry) { return entry.first == name; });
    if (present != table.end())
      present->second = value;
    else
      table.emplace_back(name, value);
  }
  return table;
}

LoadOptions with_overrides(LoadOptions options, const OptionTable& overrides) {
  for (const auto& [name, value] : overrides) {
    if (name == "pixel-size") options.nm_per_pixel = parse_length_nm("pixel_size", value);
    if (name == "dataset") options.dataset = value;
    if (name == "frame") options.frame = value;
    if (name == "crop") options.crop = parse_crop("crop", value);
    if (name == "mask") options.mask = value;
    if (name == "maps") options.maps.files = value;
  }
  return options;
}

cv::Rect parse_crop(const std::string& option, const std::string& text) {
  const std::vector<std::string> parts = split(text, ',');
  if (parts.size() != 4)
    throw UsageError(option + " is '" + text + "' but must be X,Y,W,H in whole pixels");
  constexpr std::int64_t most = 1 << 30;
  const auto number = [&](std::size_t i, std::int64_t least) {
    return static_cast<int>(parse_whole(option, parts[i], least, most));
  };
  return {number(0, 0), number(1, 0), number(2, 1), number(3, 1)};
}

Shard parse_shard(const std::string& text) {
  constexpr int most = 1 << 20;
  Shard shard;
  if (text.starts_with("only:")) {
    shard.only = text.substr(text.find(':') + 1);
    return shard;
  }
  if (text == "slurm") {
    const int id = variable("SLURM_ARRAY_TASK_ID", -1),
              count = variable("SLURM_ARRAY_TASK_COUNT", 0);
    if (id < 0 || count < 1)
      throw UsageError(
          "--shard slurm needs SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT, which an array job "
          "(sbatch --array) sets");
    shard = {id - variable("SLURM_ARRAY_TASK_MIN", 1) + 1, count};
  } else {
    const std::vector<std::string> parts = split(text, '/');
    if (parts.size() != 2)
      throw UsageError("--shard is '" + text +
                       "' but must be K/N, such as 1/4, slurm, or only:NAME");
    shard = {static_cast<int>(parse_whole("--shard", parts[0], 1, most)),
             static_cast<int>(parse_whole("--shard", parts[1], 1, most))};
  }
  if (shard.number < 1 || shard.number > shard.count)
    throw UsageError("--shard is " + text + ": there is no shard " + std::to_string(shard.number) +
                     " of " + std::to_string(shard.count));
  return shard;
}

std::vector<std::size_t> share_of(const std::vector<BatchEntry>& entries, const Shard& shard,
                                  const LoadOptions& options) {
  std::vector<std::uint64_t> costs;
  for (const BatchEntry& entry : entries) costs.push_back(cost_of(entry, options));
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return costs[a] > costs[b]; });
  std::vector<std::pair<std::uint64_t, std::size_t>> loads(static_cast<std::size_t>(shard.count));
  std::vector<std::size_t> mine;
  for (const std::size_t i : order) {
    const auto least = std::min_element(loads.begin(), loads.end());  // then the fewest images
    least->first += costs[i];
    least->second += 1;
    if (least - loads.begin() + 1 == shard.number) mine.push_back(i);
  }
  std::sort(mine.begin(), mine.end());
  return mine;
}

}  // namespace metamict::app
