// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/comparison/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/evaluate.hpp"
#include "metamict/formats.hpp"

namespace metamict {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::json;

Json read_json(const fs::path& path) try {
  std::ifstream file(path);
  if (!file) throw InputError(path.string() + " cannot be read");
  return Json::parse(file);
} catch (const Json::exception& error) {
  throw InputError(path.string() + " is damaged: " + error.what());
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// The folders of a run's images by their names. The folder of one image is the image.
std::map<std::string, fs::path> images_in(const fs::path& folder) {
  std::error_code failure;
  if (!fs::is_directory(folder, failure))
    throw InputError(folder.string() + " is no folder of results: it is not there");
  std::map<std::string, fs::path> images;
  if (is_there(folder / "report.json")) {
    images[fs::absolute(folder / ".").lexically_normal().parent_path().filename().string()] =
        folder;
    return images;
  }
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure))
    if (is_there(entry->path() / "report.json"))
      images[entry->path().filename().string()] = entry->path();
  if (images.empty())
    throw InputError(folder.string() + " holds no results: no folder in it has a report.json");
  return images;
}

/// The files that an image's DONE.json lists.
std::set<std::string> files_of(const fs::path& folder) {
  std::set<std::string> files;
  if (!is_there(folder / "DONE.json")) return files;
  const Json done = read_json(folder / "DONE.json");
  for (const Json& file : done.at("outputs")) files.insert(file.at("path").get<std::string>());
  return files;
}

std::string change(double before, double after, int decimals) {
  return fixed(before, decimals) + " -> " + fixed(after, decimals);
}

double number_or(const Json& json, const char* key, double otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::optional<double> number_of(const Json& json) {
  if (!json.is_number()) return {};
  return json.get<double>();
}

/// Area and order of each region of a rule's report, by label.
struct Regions {
  std::map<int, std::pair<double, double>> share_and_order;

  Regions(const Json& rule, double pixels) {
    for (const Json& region : rule.at("regions"))
      share_and_order[region.at("label").get<int>()] = {region.at("area_px").get<double>() / pixels,
                                                        number_or(region, "order", 0)};
  }
  double share(int label) const {
    const auto found = share_and_order.find(label);
    return found == share_and_order.end() ? 0 : found->second.first;
  }
  double order(int label) const {
    const auto found = share_and_order.find(label);
    return found == share_and_order.end() ? 0 : found->second.second;
  }
};

/// Compares one image of both results.
class ImageComparer {
 public:
  ImageComparer(ComparedImage& image, const CompareLimits& limits)
      : image_(image),
        limits_(limits),
        before_(read_json(image.baseline_folder / "report.json")),
        after_(read_json(image.fresh_folder / "report.json")) {}

  void run() try {
    image_.primary = before_.at("primary").get<std::string>();
    tell_of_report();
    compare_files();
    for (const auto& [name, rule] : before_.at("rules").items()) {
      if (!after_.at("rules").contains(name))
        image_.differences.push_back("rule " + name + " is missing");
      else
        compare_rule(name, rule, after_.at("rules").at(name));
    }
    for (const auto& [name, rule] : after_.at("rules").items())
      if (!before_.at("rules").contains(name)) image_.told.push_back("rule " + name + " is new");
  } catch (const Json::exception& error) {
    throw InputError(image_.stem +
                     ": a report.json is not as metamict writes it: " + std::string(error.what()));
  }

 private:
  void tell(const std::string& what, const Json& before, const Json& after) {
    if (before == after) return;
    const auto words = [](const Json& value) {
      return value.is_string() ? value.get<std::string>() : value.dump();
    };
    image_.told.push_back(what + ": " + words(before) + " -> " + words(after));
  }

  void tell_of_report() {
    const auto value = [](const Json& report, const char* part, const char* key) {
      return report.contains(part) && report.at(part).contains(key) ? report.at(part).at(key)
                                                                    : Json();
    };
    const auto both = [&](const std::string& what, const char* part, const char* key) {
      tell(what, value(before_, part, key), value(after_, part, key));
    };
    tell("version", before_.value("version", Json()), after_.value("version", Json()));
    both("the image's SHA-256", "image", "sha256");
    both("pixel size (nm)", "image", "nm_per_pixel");
    both("lattice period (px)", "image", "lattice_period_px");
    both("chip size (px)", "grid", "size_px");
    both("stride (px)", "grid", "stride_px");
    both("encoder", "encoder", "sha256");
    both("precision", "encoder", "precision");
    both("embedding", "encoder", "embedding");
    both("encoder's path", "encoder", "path");
    both("scale of the scores", "similarity", "scale");
    tell("primary rule", before_.at("primary"), after_.at("primary"));
    const auto notes = [](const Json& report) {
      std::set<std::string> set;
      for (const Json& note : report.at("notes")) set.insert(note.get<std::string>());
      return set;
    };
    const std::set<std::string> before = notes(before_), after = notes(after_);
    for (const std::string& note : before)
      if (!after.contains(note)) image_.told.push_back("this note is gone: " + note);
    for (const std::string& note : after)
      if (!before.contains(note)) image_.told.push_back("this note is new: " + note);
    tell_of_options();
  }

  void tell_of_options() {
    const auto lines = [](const fs::path& path) {
      std::set<std::string> set;
      std::ifstream file(path);
      for (std::string line; std::getline(file, line);) set.insert(line);
      return set;
    };
    const std::set<std::string> before = lines(image_.baseline_folder / "run.toml"),
                                after = lines(image_.fresh_folder / "run.toml");
    if (before.empty() || after.empty()) return;
    for (const std::string& line : before)
      if (!after.contains(line)) image_.told.push_back("option before: " + line);
    for (const std::string& line : after)
      if (!before.contains(line)) image_.told.push_back("option now: " + line);
  }

  void compare_files() {
    const std::set<std::string> before = files_of(image_.baseline_folder),
                                after = files_of(image_.fresh_folder);
    for (const std::string& file : before)
      if (after.empty() ? !is_there(image_.fresh_folder / file) : !after.contains(file))
        image_.differences.push_back("file " + file + " is missing");
    for (const std::string& file : after)
      if (!before.empty() && !before.contains(file))
        image_.told.push_back("file " + file + " is new");
  }

  void compare_rule(const std::string& name, const Json& before, const Json& after) {
    const fs::path before_path = image_.baseline_folder / name / "labels.tif",
                   after_path = image_.fresh_folder / name / "labels.tif";
    for (const fs::path& path : {before_path, after_path})
      if (!is_there(path)) {
        image_.differences.push_back("rule " + name + ": " + path.string() + " is missing");
        return;
      }
    const cv::Mat old_map = read_label_map(before_path), new_map = read_label_map(after_path);
    if (old_map.size() != new_map.size()) {
      image_.differences.push_back(
          "rule " + name + ": the label map is " + std::to_string(new_map.cols) + " x " +
          std::to_string(new_map.rows) + " px, not " + std::to_string(old_map.cols) + " x " +
          std::to_string(old_map.rows) + " px");
      return;
    }
    const Evaluation match = evaluate(new_map, old_map);
    ComparedRule rule{name, match.ari, {}};
    add_regions(rule, match, old_map, new_map, before, after);
    judge(rule);
    image_.rules.push_back(std::move(rule));
  }

  static void add_regions(ComparedRule& rule, const Evaluation& match, const cv::Mat& old_map,
                          const cv::Mat& new_map, const Json& before, const Json& after) {
    const auto pixels = static_cast<double>(old_map.total());
    const Regions old_regions(before, pixels), new_regions(after, pixels);
    std::set<int> matched;
    for (const RegionMatch& one : match.regions) {
      if (one.truth == 0) continue;
      ComparedRegion region;
      region.baseline = static_cast<int>(one.truth);
      region.fresh = one.label ? static_cast<int>(*one.label) : 0;
      region.iou = region.fresh == 0 ? 0 : one.iou;
      matched.insert(region.fresh);
      rule.regions.push_back(region);
    }
    for (const auto& [label, ignored] : new_regions.share_and_order)
      if (!matched.contains(label)) rule.regions.push_back({0, label, 0, 0, 0, 0, 0});
    for (ComparedRegion& region : rule.regions) {
      region.baseline_share = share_in(old_map, region.baseline);
      region.fresh_share = share_in(new_map, region.fresh);
      region.baseline_order = old_regions.order(region.baseline);
      region.fresh_order = new_regions.order(region.fresh);
    }
  }

  static double share_in(const cv::Mat& map, int label) {
    return label == 0 ? 0
                      : static_cast<double>(cv::countNonZero(map == label)) /
                            static_cast<double>(map.total());
  }

  void judge(const ComparedRule& rule) {
    if (rule.ari < limits_.min_ari)
      image_.differences.push_back("rule " + rule.name + ": the maps agree to an ARI of " +
                                   fixed(rule.ari, 4) + ", below " + number(limits_.min_ari));
    for (const ComparedRegion& region : rule.regions) {
      const std::string where =
          "rule " + rule.name + ", region " +
          std::to_string(region.baseline > 0 ? region.baseline : region.fresh);
      const double moved = std::abs(region.fresh_share - region.baseline_share);
      if (moved > limits_.max_share)
        image_.differences.push_back(where +
                                     (region.fresh == 0      ? " is gone"
                                      : region.baseline == 0 ? " is new"
                                                             : "") +
                                     ": its share of the image changed, " +
                                     change(region.baseline_share, region.fresh_share, 4));
      if (region.baseline > 0 && region.fresh > 0 &&
          std::abs(region.fresh_order - region.baseline_order) > limits_.max_order)
        image_.differences.push_back(where + ": its order changed, " +
                                     change(region.baseline_order, region.fresh_order, 3));
    }
  }

  ComparedImage& image_;
  const CompareLimits& limits_;
  Json before_, after_;
};

/// The images of a series.json by stem.
std::map<std::string, Json> members_of(const fs::path& folder) {
  std::map<std::string, Json> members;
  const Json series = read_json(folder / "series.json");
  for (const Json& image : series.at("images"))
    members[image.at("stem").get<std::string>()] = image;
  return members;
}

ComparedNumber number_in(const std::string& name, const Json& before, const Json& after) {
  const auto part = [&](const Json& member, const char* key) -> std::optional<double> {
    const Json& front = member.at("front");
    if (!front.is_object() || !front.contains(name)) return {};
    return number_of(front.at(name).at(key));
  };
  return {name, part(before, "value"), part(after, "value"), part(before, "uncertainty"),
          part(after, "uncertainty")};
}

std::string with_uncertainty(const std::optional<double>& value,
                             const std::optional<double>& uncertainty) {
  if (!value) return "nothing";
  return fixed(*value, 4) + (uncertainty && *uncertainty > 0 ? " ± " + fixed(*uncertainty, 4) : "");
}

/// The lattice period of an image, in nm.
std::optional<double> cell_nm(const fs::path& folder) {
  const Json report = read_json(folder / "report.json");
  const double nm = number_or(report.at("image"), "nm_per_pixel", 0);
  double period = number_or(report.at("image"), "lattice_period_px", 0);
  if (period <= 0) period = number_or(report.at("grid"), "size_px", 0) / 4;
  if (nm <= 0 || period <= 0) return {};
  return nm * period;
}

void compare_member(ComparedImage& image, const Json& before, const Json& after,
                    const CompareLimits& limits) {
  const auto cell = cell_nm(image.baseline_folder);
  const double most_nm = limits.max_shift_nm >= 0 ? limits.max_shift_nm
                         : cell                   ? limits.max_shift_cells * *cell
                                                  : limits.max_shift_cells;
  for (const auto& [name, most] : {std::pair{"amorphous_fraction_film", limits.max_amorphous},
                                   std::pair{"front_depth_nm_mean", most_nm}}) {
    ComparedNumber number = number_in(name, before, after);
    const bool one_missing = number.baseline.has_value() != number.fresh.has_value();
    const bool moved =
        number.baseline && number.fresh && std::abs(*number.baseline - *number.fresh) > most;
    const std::string words = "series: " + number.name + " changed, " +
                              with_uncertainty(number.baseline, number.baseline_uncertainty) +
                              " -> " + with_uncertainty(number.fresh, number.fresh_uncertainty);
    if (one_missing || moved)
      image.differences.push_back(words + " (at most " + metamict::number(most) + ")");
    image.numbers.push_back(std::move(number));
  }
}

void compare_series(Comparison& comparison) try {
  const bool before = is_there(comparison.baseline / "series.json"),
             after = is_there(comparison.fresh / "series.json");
  if (!before && after) comparison.told.push_back("series.json is new");
  if (before && !after) comparison.differences.push_back("series.json is missing");
  if (!before || !after) return;
  const auto old_members = members_of(comparison.baseline),
             new_members = members_of(comparison.fresh);
  for (ComparedImage& image : comparison.images) {
    const auto old_one = old_members.find(image.stem), new_one = new_members.find(image.stem);
    if (old_one == old_members.end()) continue;
    if (new_one == new_members.end())
      image.differences.push_back("it is missing in the series");
    else if (!image.baseline_folder.empty())
      compare_member(image, old_one->second, new_one->second, comparison.limits);
  }
} catch (const Json::exception& error) {
  throw InputError("a series.json is not as metamict writes it: " + std::string(error.what()));
}

}  // namespace

void CompareLimits::check() const {
  if (min_ari < -1 || min_ari > 1)
    throw UsageError("--min-ari is " + number(min_ari) + " but must lie between -1 and 1");
  for (const double limit : {max_share, max_order, max_amorphous, max_shift_cells})
    if (!(limit >= 0))
      throw UsageError("a limit of compare is " + number(limit) + " but must not be negative");
}

bool Comparison::within() const {
  return differences.empty() && std::all_of(images.begin(), images.end(),
                                            [](const ComparedImage& one) { return one.within(); });
}

cv::Mat read_label_map(const fs::path& path) {
  cv::Mat labels;
  read_numbers(path, std::uint64_t{1} << 40).convertTo(labels, CV_16U);
  return labels;
}

Comparison compare_results(const fs::path& baseline, const fs::path& fresh,
                           const CompareLimits& limits) {
  Comparison comparison{baseline, fresh, limits, {}, {}, {}};
  std::map<std::string, fs::path> before = images_in(baseline), after = images_in(fresh);
  if (is_there(baseline / "report.json") && is_there(fresh / "report.json")) {
    // Two images' folders are compared whatever they are called.
    const fs::path folder = after.begin()->second;
    after = {{before.begin()->first, folder}};
  }
  for (const auto& [stem, folder] : before) {
    ComparedImage image;
    image.stem = stem;
    image.baseline_folder = folder;
    if (const auto found = after.find(stem); found != after.end()) {
      image.fresh_folder = found->second;
      ImageComparer(image, limits).run();
    } else {
      image.differences.push_back("the image is missing");
    }
    comparison.images.push_back(std::move(image));
  }
  for (const auto& [stem, folder] : after)
    if (!before.contains(stem)) comparison.told.push_back("image " + stem + " is new");
  compare_series(comparison);
  return comparison;
}

}  // namespace metamict
