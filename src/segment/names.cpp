// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/names.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

#include "base/csv.hpp"
#include "base/text_file.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

/// The names by label, for one image.
std::map<int, std::string> read_names(const std::filesystem::path& path, const std::string& stem,
                                      int labels) {
  const std::optional<std::string> text = text_of_file(path);
  if (!text)
    throw UsageError("names " + path.string() + " cannot be read: give the path of a CSV file");
  const CsvTable table = csv_table(*text);
  const auto label = table.column("label"), name = table.column("name"),
             image = table.column("image");
  if (!label || !name)
    throw UsageError("names " + path.string() +
                     " has no columns named label and name: its header is '" + table.header_text() +
                     "'");
  std::map<int, std::string> names;
  for (const CsvTable::Row& row : table.rows) {
    const std::string where =
        "names " + path.string() + ", line " + std::to_string(row.line) + ": ";
    if (image && !CsvTable::cell(row, *image).empty() && CsvTable::cell(row, *image) != stem)
      continue;
    const std::string& number = CsvTable::cell(row, *label);
    int value = 0;
    const auto [end, failure] =
        std::from_chars(number.data(), number.data() + number.size(), value);
    if (failure != std::errc{} || end != number.data() + number.size())
      throw UsageError(where + "the label '" + number + "' is not a whole number");
    if (value < 1 || value > labels)
      throw UsageError(where + "label " + number + " is not in the map of " + stem +
                       ", which has the labels 1 to " + std::to_string(labels));
    names[value] = CsvTable::cell(row, *name);
  }
  return names;
}

}  // namespace

void join_labels(const std::vector<std::pair<int, int>>& pairs, const LabelMap& map,
                 Communities& communities) {
  std::vector<std::int32_t> joined(static_cast<std::size_t>(communities.count));
  std::iota(joined.begin(), joined.end(), 0);
  const auto community_of = [&](int label) {
    return joined[static_cast<std::size_t>(
        map.community_of_label[static_cast<std::size_t>(label)])];
  };
  for (const auto& [a, b] : pairs)
    std::replace(joined.begin(), joined.end(), std::int32_t{community_of(b)},
                 std::int32_t{community_of(a)});
  for (std::int32_t& community : communities.community)
    if (community >= 0) community = joined[static_cast<std::size_t>(community)];
  communities.count = number_canonically(communities.community);
}

void name_regions(Result& result, const std::filesystem::path& path) {
  RuleResult& rule = result.primary_rule();
  const auto labels = static_cast<int>(rule.map.area_px.size()) - 1;
  const std::map<int, std::string> names =
      read_names(path, result.micrograph.path.stem().string(), labels);
  std::map<std::string, int> first;  // label of each name
  std::vector<std::pair<int, int>> pairs;
  std::vector<int> target(static_cast<std::size_t>(labels) + 1);
  std::iota(target.begin(), target.end(), 0);
  for (const auto& [label, name] : names) {
    if (name.empty()) continue;
    const auto [known, fresh] = first.try_emplace(name, label);
    if (fresh) continue;
    pairs.emplace_back(known->second, label);
    target[static_cast<std::size_t>(label)] = known->second;
  }
  // Names follow their communities through the new numbers.
  const auto node_of_label = [&](int label) {
    const std::int32_t community = rule.map.community_of_label[static_cast<std::size_t>(label)];
    return static_cast<std::size_t>(
        std::find(rule.communities.community.begin(), rule.communities.community.end(), community) -
        rule.communities.community.begin());
  };
  std::map<std::string, std::size_t> node_of_name;
  for (const auto& [name, label] : first) node_of_name[name] = node_of_label(label);
  if (!pairs.empty()) {
    std::vector<std::size_t> nodes(static_cast<std::size_t>(labels) + 1, 0);
    for (int label = 1; label <= labels; ++label)
      nodes[static_cast<std::size_t>(label)] = node_of_label(label);
    join_labels(pairs, rule.map, rule.communities);
    for (int y = 0; y < rule.map.labels.rows; ++y)
      for (int x = 0; x < rule.map.labels.cols; ++x) {
        auto& label = rule.map.labels.at<std::uint16_t>(y, x);
        label = static_cast<std::uint16_t>(target[label]);
      }
    for (int label = 1; label <= labels; ++label)
      rule.map.community_of_label[static_cast<std::size_t>(label)] =
          rule.communities.community[nodes[static_cast<std::size_t>(label)]];
    rule.map.label_of_community.assign(static_cast<std::size_t>(rule.communities.count), 0);
    rule.map = renumbered(rule.map);
    rule.regions = measure_regions(result.micrograph, rule.map, rule.communities, result.order);
    rule.community_scores = community_scores(result.similarity, rule.communities);
    result.notes.push_back(rule.name + ": " + std::to_string(pairs.size()) +
                           (pairs.size() == 1 ? " label was" : " labels were") +
                           " joined to others of the same name, as --names says");
  }
  for (const auto& [name, node] : node_of_name)
    if (const int label = label_of_chip(rule.map, rule.communities, node); label > 0)
      rule.regions[static_cast<std::size_t>(label - 1)].name = name;
}

}  // namespace metamict
