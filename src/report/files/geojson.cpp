// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/geojson.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "report/files/json_values.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/outlines.hpp"

namespace metamict {

namespace {

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

/// The middle of the pixel beside a ring's first edge, on the region's side.
cv::Point2f beside(const Ring& ring) {
  const cv::Point a = ring.corners[0], step = ring.corners[1] - a;
  const double length = std::hypot(step.x, step.y);
  const cv::Point2f along(static_cast<float>(step.x / length), static_cast<float>(step.y / length));
  const cv::Point2f right(-along.y, along.x);
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
    // The smallest polygon that holds it is the first one, because they are sorted by area.
    const auto holds = [&](const Polygon& polygon) {
      return polygon.box.contains(cv::Point(inside)) &&
             cv::pointPolygonTest(polygon.outer->corners, inside, false) > 0;
    };
    const auto around = std::find_if(polygons.begin(), polygons.end(), holds);
    if (around != polygons.end()) around->holes.push_back(ring);
  }
  return polygons;
}

/// A polygon for each part of the region, each with its holes.
Json coordinates_of(const std::vector<const Ring*>& rings) {
  Json coordinates = Json::array();
  for (const Polygon& polygon : polygons_of(rings)) {
    Json parts = Json::array({closed_ring(*polygon.outer)});
    for (const Ring* hole : polygon.holes) parts.push_back(closed_ring(*hole));
    coordinates.push_back(std::move(parts));
  }
  return coordinates;
}

/// QuPath takes a feature for an annotation of a class with this name and colour.
Json properties_of(const SeriesLabel& label) {
  const Colour colour = region_colour(label.label);
  const Json classification{{"name", label.name}, {"color", {colour.r, colour.g, colour.b}}};
  return {{"objectType", "annotation"},
          {"name", label.name},
          {"label", label.label},
          {"classification", classification}};
}

Json measurements_of(const SeriesRegion& region) {
  Json measurements{{"area_px", region.area_px}, {"order", region.order}};
  if (region.area_nm2) measurements["area_nm2"] = *region.area_nm2;
  if (region.confidence) measurements["confidence"] = *region.confidence;
  return measurements;
}

}  // namespace

std::string outlines_geojson(const cv::Mat& labels, const std::vector<SeriesLabel>& names,
                             std::optional<PixelSize> pixel,
                             const std::vector<SeriesRegion>& regions) {
  const std::vector<Ring> rings = trace_outlines(labels);
  Json features = Json::array();
  for (const SeriesLabel& label : names) {
    const Json coordinates = coordinates_of(rings_of(rings, label.label));
    if (coordinates.empty()) continue;
    const bool one = coordinates.size() == 1;
    const Json geometry{{"type", one ? "Polygon" : "MultiPolygon"},
                        {"coordinates", one ? coordinates.front() : coordinates}};
    features.push_back({{"type", "Feature"},
                        {"id", label.label},
                        {"geometry", geometry},
                        {"properties", properties_of(label)}});
    for (const SeriesRegion& region : regions)
      if (region.label == label.label)
        features.back()["properties"]["measurements"] = measurements_of(region);
  }
  Json collection{{"type", "FeatureCollection"}};
  if (pixel)
    collection["pixel_size_nm"] = {{"height", pixel->height_nm}, {"width", pixel->width_nm}};
  collection["features"] = std::move(features);
  return collection.dump() + "\n";
}

}  // namespace metamict
