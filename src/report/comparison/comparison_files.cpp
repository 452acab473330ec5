// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/comparison/comparison_files.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "report/files/json_values.hpp"
#include "report/pages/html_parts.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/png.hpp"

namespace metamict {

namespace {

double least_ari(const ComparedImage& image) {
  double least = 1;
  for (const ComparedRule& rule : image.rules) least = std::min(least, rule.ari);
  return least;
}

/// Of the differences of the folders and of all images.
std::size_t count_beyond(const Comparison& comparison) {
  return static_cast<std::size_t>(
      std::count_if(comparison.images.begin(), comparison.images.end(),
                    [](const ComparedImage& image) { return !image.within(); }));
}

Json limits_json(const CompareLimits& limits) {
  Json json = Json::object();
  for (const CompareLimit& limit : compare_limits)
    if (limits.*limit.value >= 0) {
      std::string key = limit.option;
      std::replace(key.begin(), key.end(), '-', '_');
      json[key] = limits.*limit.value;
    }
  return json;
}

Json label_or_null(int label) { return label > 0 ? Json(label) : Json(nullptr); }

Json rule_json(const ComparedRule& rule) {
  Json json{{"rule", rule.name}, {"ari", rule.ari}, {"regions", Json::array()}};
  for (const ComparedRegion& region : rule.regions)
    json["regions"].push_back({{"baseline", label_or_null(region.baseline)},
                               {"new", label_or_null(region.fresh)},
                               {"iou", region.iou},
                               {"share_baseline", region.baseline_share},
                               {"share_new", region.fresh_share},
                               {"order_baseline", region.baseline_order},
                               {"order_new", region.fresh_order}});
  return json;
}

Json image_json(const ComparedImage& image) {
  Json json{{"stem", clean_utf8(image.stem)},
            {"within", image.within()},
            {"differences", notes_json(image.differences)},
            {"told", notes_json(image.told)}};
  json["rules"] = Json::array();
  for (const ComparedRule& rule : image.rules) json["rules"].push_back(rule_json(rule));
  json["series"] = Json::object();
  for (const ComparedNumber& number : image.numbers)
    json["series"][number.name] = {{"baseline", or_null(number.baseline)},
                                   {"new", or_null(number.fresh)},
                                   {"baseline_uncertainty", or_null(number.baseline_uncertainty)},
                                   {"new_uncertainty", or_null(number.fresh_uncertainty)}};
  return json;
}

/// Escaped one by one, because escaping takes line ends away.
std::string escaped_lines(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += escaped(sentence) + "\n";
  return text;
}

std::string test_case(const std::string& name, const std::vector<std::string>& differences) {
  std::string text =
      "    <testcase classname=\"metamict.compare\" name=\"" + escaped(name) + "\" time=\"0\"";
  if (differences.empty()) return text + "/>\n";
  return text + ">\n      <failure type=\"difference\" message=\"" + escaped(differences.front()) +
         "\">" + escaped_lines(differences) + "</failure>\n    </testcase>\n";
}

/// A label map as a picture, labels in their colours.
std::string map_picture(const cv::Mat& labels, cv::Size size) {
  cv::Mat small, picture(size, CV_8UC4);
  cv::resize(labels, small, size, 0, 0, cv::INTER_NEAREST);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const int label = small.at<std::uint16_t>(y, x);
      const Colour colour = label == 0 ? Colour{235, 235, 235} : region_colour(label);
      picture.at<cv::Vec4b>(y, x) = {colour.b, colour.g, colour.r, 255};
    }
  return encode_picture(picture);
}

/// The new map with its regions in the colours of those of the baseline that they match.
cv::Mat in_baseline_labels(const cv::Mat& fresh, const ComparedRule& rule) {
  std::map<int, int> label_of;
  int next = 0;
  for (const ComparedRegion& region : rule.regions) next = std::max(next, region.baseline);
  for (const ComparedRegion& region : rule.regions)
    if (region.fresh > 0) label_of[region.fresh] = region.baseline > 0 ? region.baseline : ++next;
  cv::Mat labels(fresh.size(), CV_16U, cv::Scalar(0));
  for (int y = 0; y < fresh.rows; ++y)
    for (int x = 0; x < fresh.cols; ++x)
      if (const auto found = label_of.find(fresh.at<std::uint16_t>(y, x)); found != label_of.end())
        labels.at<std::uint16_t>(y, x) = static_cast<std::uint16_t>(found->second);
  return labels;
}

/// Grey where both maps agree, red where they do not.
std::string difference_picture(const cv::Mat& before, const cv::Mat& after, cv::Size size) {
  cv::Mat differs = before != after, small, picture(size, CV_8UC4);
  cv::resize(differs, small, size, 0, 0, cv::INTER_AREA);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const double share = std::min(1.0, 2.0 * small.at<std::uint8_t>(y, x) / 255);
      const auto mixed = [&](int red) {
        return cv::saturate_cast<std::uint8_t>(235 + share * (red - 235));
      };
      picture.at<cv::Vec4b>(y, x) = {mixed(20), mixed(20), mixed(200), 255};
    }
  return encode_picture(picture);
}

Html maps_of(const ComparedImage& image, const ComparedRule& rule) {
  const cv::Mat before = read_label_map(image.baseline_folder / rule.name / "labels.tif"),
                after = in_baseline_labels(
                    read_label_map(image.fresh_folder / rule.name / "labels.tif"), rule);
  const cv::Size size = picture_size(before.size(), 1, 420);
  const double changed =
      static_cast<double>(cv::countNonZero(before != after)) / static_cast<double>(before.total());
  return "<div class=\"row three\">\n"_html +
         html::figure(html::picture(map_picture(before, size), "the baseline's map"), "baseline") +
         html::figure(html::picture(map_picture(after, size), "the new map"),
                      "new, in the baseline's colours") +
         html::figure(html::picture(difference_picture(before, after, size), "what changed"),
                      "red: pixels of another region, " + fixed(100 * changed, 2) + " %") +
         "</div>\n"_html;
}

Html region_table(const ComparedRule& rule) {
  Html rows;
  const auto label = [](int number) {
    return number > 0 ? html::swatch("region", number) : Html("–");
  };
  for (const ComparedRegion& region : rule.regions)
    rows += html::table_row({label(region.baseline), label(region.fresh), fixed(region.iou, 4),
                             fixed(100 * region.baseline_share, 2) + " %",
                             fixed(100 * region.fresh_share, 2) + " %",
                             fixed(region.baseline_order, 3), fixed(region.fresh_order, 3)});
  return html::table(
      {"baseline", "new", "IoU", "share before", "share now", "order before", "order now"}, rows);
}

Html sentences(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  Html list;
  for (const std::string& one : words) list += element("li", one);
  return element("ul", list) + "\n"_html;
}

/// Pictures of every rule that changed; of the primary one where none did.
Html section_of(const ComparedImage& image, const CompareLimits& limits) {
  Html text = element("h2", image.stem + (image.within() ? ": as before" : ": changed")) +
              "\n"_html + sentences(image.differences);
  for (const ComparedRule& rule : image.rules) {
    const bool changed = rule.ari < limits.min_ari;
    if (!changed && rule.name != image.primary) continue;
    text += element("h3", rule.name + ", ARI " + fixed(rule.ari, 4)) + "\n"_html;
    if (rule.ari < 1) text += maps_of(image, rule);
    text += region_table(rule);
  }
  if (!image.told.empty())
    text += element("details", element("summary", "What also changed and does not count") +
                                   sentences(image.told));
  return text + "\n"_html;
}

Html overview(const Comparison& comparison) {
  Html rows;
  for (const ComparedImage& image : comparison.images)
    rows += html::table_row({image.stem, image.within() ? "within limits" : "changed",
                             image.rules.empty() ? "–" : fixed(least_ari(image), 4),
                             std::to_string(image.differences.size())});
  return html::table({"image", "state", "least ARI over rules", "differences"}, rows);
}

}  // namespace

std::string comparison_text(const Comparison& comparison, bool all) {
  std::string text;
  const auto list = [&](const std::vector<std::string>& sentences, const char* before) {
    for (const std::string& sentence : sentences) text += before + printable(sentence) + "\n";
  };
  list(comparison.differences, "changed: ");
  if (all) list(comparison.told, "also: ");
  for (const ComparedImage& image : comparison.images) {
    text += printable(image.stem) + ": " + (image.within() ? "as before" : "changed");
    if (!image.rules.empty()) text += ", least ARI " + fixed(least_ari(image), 4);
    text += "\n";
    list(image.differences, "  ");
    if (all) list(image.told, "  also: ");
  }
  const std::size_t beyond = count_beyond(comparison);
  text +=
      comparison.within()
          ? "all " + std::to_string(comparison.images.size()) + " images are within the limits\n"
          : std::to_string(beyond) + " of " + std::to_string(comparison.images.size()) +
                " images changed beyond the limits\n";
  return text;
}

std::string comparison_json(const Comparison& comparison) {
  Json json{{"schema", "metamict-compare/1"},
            {"within", comparison.within()},
            {"baseline", clean_utf8(comparison.baseline.string())},
            {"new", clean_utf8(comparison.fresh.string())},
            {"limits", limits_json(comparison.limits)},
            {"differences", notes_json(comparison.differences)},
            {"told", notes_json(comparison.told)},
            {"images", Json::array()}};
  for (const ComparedImage& image : comparison.images) json["images"].push_back(image_json(image));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string comparison_junit(const Comparison& comparison) {
  const bool folders = !comparison.differences.empty();
  const std::string tests = std::to_string(comparison.images.size() + (folders ? 1 : 0)),
                    failures = std::to_string(count_beyond(comparison) + (folders ? 1 : 0));
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite "
      "name=\"metamict compare\" tests=\"" +
      tests + "\" failures=\"" + failures + "\" errors=\"0\" skipped=\"0\" time=\"0\">\n";
  if (folders) text += test_case("(the folders)", comparison.differences);
  for (const ComparedImage& image : comparison.images)
    text += test_case(image.stem, image.differences);
  return text + "  </testsuite>\n</testsuites>\n";
}

std::string comparison_html(const Comparison& comparison) {
  const std::string lead = comparison.within() ? "Every image is within the limits."
                                               : std::to_string(count_beyond(comparison)) + " of " +
                                                     std::to_string(comparison.images.size()) +
                                                     " images changed beyond the limits.";
  Html body = "<header>"_html + element("h1", "What changed") +
              element("p", {{"class", "lead"}}, lead) + "<dl class=\"facts\">\n"_html +
              html::fact("baseline", comparison.baseline.string()) +
              html::fact("new", comparison.fresh.string()) + "</dl></header>\n"_html;
  body += sentences(comparison.differences) + overview(comparison);
  for (const ComparedImage& image : comparison.images) body += section_of(image, comparison.limits);
  body += html::footer();
  return html::page("What changed – metamict", body);
}

}  // namespace metamict
