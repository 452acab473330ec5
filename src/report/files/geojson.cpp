// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "report/pictures/colours.hpp"
#include "report/pictures/outlines.hpp"
#include "report/series_outputs.hpp"

namespace metamict {

namespace {

using Json = nlohmann::ordered_json;

/// Positive for a ring around a region, negative for one around a hole.
double signed_area(const std::vector<cv::Point>& corners) {
  double twice = 0;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const cv::Point a = corners[i], b = corners[(i + 1) % corners.size()];
    twice += static_cast<double>(a.x) * b.y - static_cast<double>(b.x) * a.y;
  }
  return twice / 2;
}

Json closed_ring(const Ring& ring) {
  Json positions = Json::array();
  for (const cv::Point corner : ring.corners) positions.push_back({corner.x, corner.y});
  positions.push_back(positions.front());
  return positions;
}

/// The middle of the region's pixel beside a ring's first edge.
cv::Point2f beside(const Ring& ring) {
  const cv::Point a = ring.corners[0], step = ring.corners[1] - a;
  const double length = std::hypot(step.x, step.y);
  const cv::Point2f along(static_cast<float>(step.x / length), static_cast<float>(step.y / length)),
      right(-along.y, along.x);
  return cv::Point2f(a) + 0.5F * along + 0.5F * right;
}

struct Polygon {
  const Ring* outer;
  double area;
  cv::Rect box;
  std::vector<const Ring*> holes;
};

std::vector<Polygon> polygons_of(const std::vector<const Ring*>& rings) {
  std::vector<Polygon> polygons;
  for (const Ring* ring : rings)
    if (const double area = signed_area(ring->corners); area > 0)
      polygons.push_back({ring, area, cv::boundingRect(ring->corners), {}});
  std::stable_sort(polygons.begin(), polygons.end(),
                   [](const Polygon& a, const Polygon& b) { return a.area < b.area; });
  for (const Ring* ring : rings) {
    if (signed_area(ring->corners) > 0) continue;
    const cv::Point2f inside = beside(*ring);
    for (Polygon& polygon : polygons)  // the smallest that holds it
      if (polygon.box.contains(cv::Point(inside)) && cv::pointPolygonTest(polygon.outer->corners, inside, false) > 0) {
        polygon.holes.push_back(ring);
        break;
      }
  }
  return polygons;
}

}  // namespace

std::string outlines_geojson(const cv::Mat& labels, const std::vector<SeriesLabel>& names) {
  const std::vector<Ring> rings = trace_outlines(labels);
  std::vector<std::vector<const Ring*>> by_label(names.size() + 1);
  for (const Ring& ring : rings) by_label[static_cast<std::size_t>(ring.label)].push_back(&ring);
  Json features = Json::array();
  for (const SeriesLabel& name : names) {
    Json coordinates = Json::array();
    for (const Polygon& polygon : polygons_of(by_label[static_cast<std::size_t>(name.label)])) {
      Json parts = Json::array({closed_ring(*polygon.outer)});
      for (const Ring* hole : polygon.holes) parts.push_back(closed_ring(*hole));
      coordinates.push_back(std::move(parts));
    }
    if (coordinates.empty()) continue;
    const Colour colour = region_colour(name.label);
    const bool one = coordinates.size() == 1;
    const Json geometry{{"type", one ? "Polygon" : "MultiPolygon"},
                        {"coordinates", one ? coordinates.front() : coordinates}};
    features.push_back({{"type", "Feature"},
                        {"id", name.label},
                        {"geometry", geometry},
                        {"properties",
                         {{"objectType", "annotation"},
                          {"name", name.name},
                          {"label", name.label},
                          {"classification", {{"name", name.name}, {"color", {colour.r, colour.g, colour.b}}}}}}});
  }
  return Json{{"type", "FeatureCollection"}, {"features", std::move(features)}}.dump() + "\n";
}

}  // namespace metamict
