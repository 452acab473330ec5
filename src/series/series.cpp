// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <set>
#include <tuple>

#include "base/csv.hpp"
#include "base/text.hpp"
#include "image/mask.hpp"
#include "metamict/errors.hpp"
#include "metamict/labelings.hpp"
#include "metamict/order.hpp"
#include "series/layer_words.hpp"

namespace metamict {

namespace {

constexpr double nearer_than_regions =
    0.6;  // of the least distance between two regions of one image
constexpr double same_order_within = 0.4;

double distance(const RowMatrixXf& a, std::size_t i, const RowMatrixXf& b, std::size_t j) {
  return 1.0 - a.row(static_cast<Eigen::Index>(i)).dot(b.row(static_cast<Eigen::Index>(j)));
}

/// The distance that tells how near two regions must look to be one: the least distance between two
/// regions of one image, as the median over the images.
double least_distance(const std::vector<SegmentedImage>& images) {
  std::vector<double> least;
  for (const SegmentedImage& image : images) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < image.regions.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        nearest = std::min(nearest, distance(image.embeddings_RD, i, image.embeddings_RD, j));
    if (std::isfinite(nearest)) least.push_back(nearest);
  }
  if (least.empty()) return 0.1;  // one region in every image: there is nothing to mistake it for
  std::sort(least.begin(), least.end());
  return least[least.size() / 2];
}

/// The label map with square pixels, so that a direction in it is one in the sample.
cv::Mat in_proportion(const cv::Mat& labels, double pixel_aspect) {
  if (pixel_aspect == 1) return labels;
  const cv::Point2d factors = to_square_pixels(pixel_aspect);
  cv::Mat resized;
  cv::resize(labels, resized, {}, factors.x, factors.y, cv::INTER_NEAREST_EXACT);
  return resized;
}

/// What a label of the series looks like, from the regions that carry it. The latest region counts
/// most, because looks drift with the dose.
struct Kind {
  Eigen::RowVectorXf embedding;
  double order = 0;
  Layer layer = Layer::other;
  std::string name = {};  ///< by which users call it
};

/// A crystal that has become a glass scatters no more than it did: it has lost its channelling and
/// gained no atoms. What is brighter than the crystal by more than thickness may change is not its
/// glass.
constexpr double brightest_glass = 1.15;

/// The mean grey of the amorphous film over that of the ordered film, both counted from the image's
/// darkest pixels. Nothing where either is less than a tenth of the film.
std::optional<double> glass_over_crystal(const Front& front, const cv::Mat& pixels) {
  const cv::Mat glass = front.layers == static_cast<int>(Layer::amorphous),
                crystal = front.layers == static_cast<int>(Layer::film);
  const int of_glass = cv::countNonZero(glass), of_crystal = cv::countNonZero(crystal);
  if (10 * std::min(of_glass, of_crystal) < of_glass + of_crystal) return {};
  double dark = 0;
  cv::minMaxLoc(pixels, &dark);
  const double below = cv::mean(pixels, crystal)[0] - dark;
  if (below <= 0) return {};
  return (cv::mean(pixels, glass)[0] - dark) / below;
}

bool has(const std::vector<Layer>& layers, Layer layer) {
  return std::find(layers.begin(), layers.end(), layer) != layers.end();
}

/// The cap's area over the length of the film below it, both of square pixels.
std::optional<double> cap_thickness_px(const Front& front, double pixel_aspect) {
  const int cap = cv::countNonZero(front.layers == static_cast<int>(Layer::cap));
  if (cap == 0 || front.curve.size() < 2) return {};
  const cv::Point2d factors = to_square_pixels(pixel_aspect);
  const cv::Point2d along = front.curve.back().surface_px - front.curve.front().surface_px;
  const double length = std::hypot(along.x * factors.x, along.y * factors.y);
  if (length <= 0) return {};
  return cap / length;
}

/// The share of the film's surface under which, at half a chip's depth, a region with order has no
/// lattice.
double glass_in_order_at_surface(const SeriesMember& member, const SegmentedImage& image) {
  const std::vector<FrontPoint>& curve = member.front->curve;
  double places = 0;
  for (const FrontPoint& point : curve) {
    const cv::Point2d down = point.interface_px - point.surface_px;
    const double length = std::hypot(down.x, down.y);
    if (length <= 0) continue;
    const cv::Point at(point.surface_px + down * (member.chip_px / 2 / length));
    if (!cv::Rect({}, image.labels.size()).contains(at)) continue;
    const std::uint16_t own = image.labels.at<std::uint16_t>(at);
    const bool glass =
        member.front->layers.at<std::uint8_t>(at) == static_cast<std::uint8_t>(Layer::amorphous);
    if (own > 0 && glass && is_ordered(image.regions[static_cast<std::size_t>(own - 1)].order))
      places += 1;
  }
  return places / static_cast<double>(std::max<std::size_t>(1, curve.size()));
}

/// Warns where the graph and the lattice contrast disagree: the film's share of regions without
/// order, and its share of pixels without lattice. A region's border is good to half a chip, so
/// half a chip along the whole film is the most that the two may differ. Glass buried in the film
/// may be too thin for a region of its own, so there the lattice may show more.
void compare_labels(SeriesMember& member, const SegmentedImage& image) {
  const std::optional<double> thickness = film_thickness_px(*member.front, member.pixel_aspect);
  if (!thickness || *thickness <= 0) return;
  const double chip = std::min(1.0, member.chip_px / *thickness);  // as a share of the film
  double film = 0, without_order = 0;
  for (int y = 0; y < image.labels.rows; ++y)
    for (int x = 0; x < image.labels.cols; ++x) {
      const auto layer = static_cast<Layer>(member.front->layers.at<std::uint8_t>(y, x));
      const std::uint16_t own = image.labels.at<std::uint16_t>(y, x);
      if (own == 0 || !is_film(layer)) continue;
      film += 1;
      without_order += is_ordered(image.regions[static_cast<std::size_t>(own - 1)].order) ? 0 : 1;
    }
  if (film == 0) return;
  const double by_regions = without_order / film;
  const double by_lattice = member.front->amorphous_fraction.value;
  const bool too_much = 2 * (by_regions - by_lattice) > chip;
  const bool too_little =
      2 * (by_lattice - by_regions) > chip && glass_in_order_at_surface(member, image) > 0.5;
  if (too_much || too_little)
    member.warnings.push_back("the regions leave " + fixed(by_regions, 2) +
                              " of the film without order, but the lattice is missing in " +
                              fixed(by_lattice, 2) +
                              " of it: a border may be wrong, so its numbers are not given; "
                              "--layers settles it");
}

/// A layer that the user has said, of one label of an image's own map.
struct SaidLayer {
  std::string stem;
  int own_label = 0;
  Layer layer = Layer::other;
};

/// A member before its numbers are compared with those of the others.
struct Draft {
  SeriesMember member;
  std::vector<Layer> layers;              // of the image's own labels
  std::optional<double> brightness = {};  ///< glass_over_crystal of its front
};

/// How thick the film is by the images that can tell.
struct Thickness {
  std::string stem;  // of the image that it is from
  double median_nm = 0, mean_nm = 0;
  // Two images that can tell say two things: the other's median, and neither is right by itself.
  std::optional<double> other_nm;
  // Another image agrees, or it is the least damaged one.
  bool confirmed = true;

  bool can_be_held() const { return confirmed && !other_nm; }
};

double mean_thickness_nm(const SeriesMember& member) {
  return cv::mean(film_thicknesses_px(*member.front, member.pixel_aspect))[0] *
         *member.nm_per_pixel;
}

/// Whether two thicknesses of one film may both be right: within 7 %, or half a period. Between
/// images of one film it scatters by up to 4.5 %; glass that was given to the cap takes 10 % away.
bool agree(double a_nm, double b_nm, const SeriesMember& member) {
  constexpr double most_change = 0.07;
  const double half_period_nm = member.chip_px / 8 * *member.nm_per_pixel;
  return std::abs(a_nm - b_nm) <= std::max(most_change * b_nm, half_period_nm);
}

/// Whether the film begins with crystal along most of its surface. A cap and glass can be mixed up,
/// a cap and crystal cannot.
bool has_sure_surface(const SeriesMember& member) {
  const std::vector<FrontPoint>& curve = member.front->curve;
  double crystal = 0;
  for (const FrontPoint& point : curve) {
    const cv::Point2d down = point.interface_px - point.surface_px;
    const double length = std::hypot(down.x, down.y);
    const double below = member.front->period_px.value_or(member.chip_px / 4) / 2;
    const cv::Point at(point.surface_px + down * (below / std::max(length, 1e-9)));
    if (!cv::Rect({}, member.front->layers.size()).contains(at)) continue;
    crystal += static_cast<Layer>(member.front->layers.at<std::uint8_t>(at)) != Layer::amorphous;
  }
  return 2 * crystal > static_cast<double>(curve.size());
}

/// Takes the label from rows of a burned-in strip, which have one grey in at least half of their
/// pixels, at the picture's upper and lower edge. Returns how many rows those are.
int clear_strips(cv::Mat& labels, const cv::Mat& pixels) {
  std::vector<float> row;
  const auto is_strip = [&](int y) {
    row.assign(pixels.ptr<float>(y), pixels.ptr<float>(y) + pixels.cols);
    const double middle = median(row);
    return 2 * std::count(row.begin(), row.end(), static_cast<float>(middle)) > pixels.cols;
  };
  int from = 0, to = pixels.rows;
  while (from < to && is_strip(from)) ++from;
  while (to > from && is_strip(to - 1)) --to;
  // A picture of few electrons has rows of zeros, too, and those are no strip.
  if (4 * (to - from) < 3 * pixels.rows) return 0;
  labels.rowRange(0, from).setTo(0);
  labels.rowRange(to, labels.rows).setTo(0);
  return labels.rows - (to - from);
}

/// Takes the label from vacuum at the picture's edge, pixel by pixel: a thin cap beside it has no
/// region of its own, and joins it. Nothing scatters there, so it is dark and nearly even: less
/// than a quarter of the picture's typical grey, counted from its darkest pixels, and without a
/// lattice. Returns its share of the picture.
double clear_vacuum(cv::Mat& labels, const cv::Mat& pixels, double chip_px) {
  constexpr double most_grey = 0.25, most_spread = 0.15;
  std::vector<float> sample;
  const int step = std::max(1, std::min(pixels.rows, pixels.cols) / 256);
  for (int y = 0; y < pixels.rows; y += step)
    for (int x = 0; x < pixels.cols; x += step) sample.push_back(pixels.at<float>(y, x));
  const double dark = quantile(sample, 0.001), scale = quantile(sample, 0.5) - dark;
  if (scale <= 0) return 0;
  cv::Mat even, parts, boxes, centres;
  cv::GaussianBlur(pixels, even, {}, std::max(1.0, chip_px / 8));
  const int count = cv::connectedComponentsWithStats(even < dark + most_grey * scale, parts, boxes,
                                                     centres, 4, CV_32S);
  double cleared = 0;
  for (int part = 1; part < count; ++part) {
    const cv::Rect box(boxes.at<int>(part, cv::CC_STAT_LEFT), boxes.at<int>(part, cv::CC_STAT_TOP),
                       boxes.at<int>(part, cv::CC_STAT_WIDTH),
                       boxes.at<int>(part, cv::CC_STAT_HEIGHT));
    const bool at_edge =
        box.x == 0 || box.y == 0 || box.br().x == pixels.cols || box.br().y == pixels.rows;
    if (!at_edge || boxes.at<int>(part, cv::CC_STAT_AREA) < chip_px * chip_px) continue;
    const cv::Mat here = parts(box) == part;
    cv::Scalar mean, spread;
    cv::meanStdDev(pixels(box), mean, spread, here);
    if (spread[0] > most_spread * scale) continue;
    labels(box).setTo(0, here);
    cleared += boxes.at<int>(part, cv::CC_STAT_AREA);
  }
  return cleared / static_cast<double>(pixels.total());
}

class Join {
 public:
  Join(std::vector<SegmentedImage> images, const SeriesOptions& options, int threads,
       std::vector<SaidLayer> said)
      : images_(std::move(images)), options_(options), threads_(threads), said_(std::move(said)) {}

  Series run(const LoadImage& load, const VisitMember& visit);

 private:
  void find_growth();
  void find_empty(const SegmentedImage& image, const Micrograph& micrograph);
  cv::Mat seen_layers(const SegmentedImage& image) const;
  bool shows_substrate(const GrowthDirection& growth) const;
  void compare_thickness(SeriesMember& member) const;
  void compare_period(SeriesMember& member) const;
  double film_from_substrate() const;
  std::vector<Layer> layers_of(const SegmentedImage& image);
  void apply_said(const SegmentedImage& image, std::vector<Layer>& layers);
  std::vector<int> match(const SegmentedImage& image, const std::vector<Layer>& layers);
  Draft begin(const SegmentedImage& image, const Micrograph& micrograph);
  void measure(Draft& draft, const SegmentedImage& image, const Micrograph& micrograph);
  void find_thickness(const std::vector<Draft>& drafts);
  void ask_thicker_films(const std::vector<Draft>& drafts, const LoadImage& load);
  bool is_said(const SegmentedImage& image) const;
  SeriesMember finish(Draft draft, const SegmentedImage& image, const Micrograph& micrograph);
  cv::Mat kinds_of_pixels(const SegmentedImage& image, const std::vector<int>& kind_of_label,
                          const SeriesMember& member, const std::vector<Layer>& layers);
  int kind_of_layer(Layer layer);
  int number_kind(int kind);
  void name_labels();
  void measure_regions_of(SeriesMember& member, const SegmentedImage& image,
                          const Micrograph& micrograph) const;

  std::vector<SegmentedImage> images_;
  const SeriesOptions& options_;
  int threads_;
  std::vector<SaidLayer> said_;
  std::map<std::string, std::set<int>> empty_;  // own labels without sample, by stem
  std::map<std::string, Notes> empty_notes_;
  Series series_;
  std::vector<Kind> kinds_;
  std::vector<int> label_of_kind_;  // 0 = not seen yet
  double near_ = 0;
  bool substrate_in_view_ = true;
  std::optional<bool> has_cap_;
  std::optional<Thickness> thickness_;
  std::vector<std::pair<std::string, double>> periods_nm_;   // of the lattice in the film, by stem
  std::vector<std::pair<Layer, Eigen::RowVectorXf>> looks_;  // of the least damaged image's layers
  std::optional<double> film_contrast_;
};

/// Finds the regions that show no sample. A burned-in strip has one grey. Where nothing scatters it
/// is dark: a film that has lost its lattice keeps its atoms, and so its grey. So a region without
/// order is vacuum where its grey, counted from the image's darkest pixels, is less than a quarter
/// of every other region's.
void Join::find_empty(const SegmentedImage& image, const Micrograph& micrograph) {
  constexpr double most_grey = 0.25;
  std::vector<std::vector<float>> grey(image.regions.size() + 1);
  const int step = std::max(1, std::min(image.labels.rows, image.labels.cols) / 256);
  for (int y = 0; y < image.labels.rows; y += step)
    for (int x = 0; x < image.labels.cols; x += step)
      grey[image.labels.at<std::uint16_t>(y, x)].push_back(micrograph.pixels.at<float>(y, x));
  std::vector<float> sample;
  std::vector<std::pair<double, int>> by_grey;
  for (int label = 1; label < static_cast<int>(grey.size()); ++label) {
    std::vector<float>& here = grey[static_cast<std::size_t>(label)];
    if (here.empty()) {  // nothing is left of it beside vacuum and strips
      if (cv::countNonZero(image.labels == label) == 0) empty_[image.stem].insert(label);
      continue;
    }
    if (quantile(here, 0.25) == quantile(here, 0.75)) {
      empty_[image.stem].insert(label);
      continue;
    }
    sample.insert(sample.end(), here.begin(), here.end());
    by_grey.emplace_back(median(here), label);
  }
  if (by_grey.size() < 2) return;
  std::sort(by_grey.begin(), by_grey.end());
  const double dark = quantile(sample, 0.001);
  const int darkest = by_grey[0].second;
  if (by_grey[0].first - dark < most_grey * (by_grey[1].first - dark) &&
      !is_ordered(image.regions[static_cast<std::size_t>(darkest - 1)].order))
    empty_[image.stem].insert(darkest);
}

/// The label map in real proportions, 0 where no sample is.
cv::Mat Join::seen_layers(const SegmentedImage& image) const {
  const auto empty = empty_.find(image.stem);
  if (empty == empty_.end()) return in_proportion(image.labels, image.pixel_aspect);
  cv::Mat labels = image.labels.clone();
  for (const int label : empty->second) labels.setTo(0, image.labels == label);
  return in_proportion(labels, image.pixel_aspect);
}

/// Whether any image shows one ordered layer on another: a film on its substrate.
bool Join::shows_substrate(const GrowthDirection& growth) const {
  return std::any_of(images_.begin(), images_.end(), [&](const SegmentedImage& image) {
    const std::vector<Layer> layers = find_layers(seen_layers(image), image.regions, growth);
    return has(layers, Layer::substrate) && has(layers, Layer::film);
  });
}

/// The direction is that of the image which tells the surface from the substrate best.
void Join::find_growth() {
  if (options_.growth_direction_deg) {
    series_.growth = GrowthDirection{*options_.growth_direction_deg, true};
  } else {
    double clearest = -1;
    for (const SegmentedImage& image : images_) {
      const cv::Mat labels = seen_layers(image);
      const auto found = find_growth_direction(labels, image.regions);
      if (!found) continue;
      const double clear = order_below_surface(labels, image.regions, *found);
      if (clear <= clearest) continue;
      clearest = clear;
      series_.growth = found;
    }
  }
  if (series_.growth) {
    substrate_in_view_ = shows_substrate(*series_.growth);
    if (!substrate_in_view_)
      series_.notes.push_back(
          "no image shows one ordered layer on another: what is ordered is taken for the film, and "
          "shares are of the film in view");
    return;
  }
  series_.notes.push_back(
      "no image shows a film on a substrate, so no front is measured; give --growth-direction if "
      "there is one");
}

/// The least distance between film and substrate in the least damaged image. Infinite where it
/// does not show both.
double Join::film_from_substrate() const {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [film, film_looks] : looks_)
    for (const auto& [substrate, substrate_looks] : looks_)
      if (film == Layer::film && substrate == Layer::substrate)
        least = std::min(least, 1.0 - static_cast<double>(film_looks.dot(substrate_looks)));
  return least;
}

/// Returns the layer of each label. All are `other` where the image shows no film.
std::vector<Layer> Join::layers_of(const SegmentedImage& image) {
  std::vector<Layer> none(image.regions.size() + 1, Layer::other);
  if (!series_.growth) return none;
  LayerEvidence evidence;
  evidence.has_cap = has_cap_;
  evidence.substrate_in_view = substrate_in_view_;
  const double limit = nearer_than_regions * near_;
  const auto nearest = [&](Eigen::Index region, Layer layer) {
    double least = std::numeric_limits<double>::infinity();
    for (const auto& [known, embedding] : looks_)
      if (known == layer)
        least = std::min(least,
                         1.0 - static_cast<double>(image.embeddings_RD.row(region).dot(embedding)));
    return least;
  };
  if (has_cap_) {  // an earlier image is known
    evidence.looks_like_cap.push_back(false);
    evidence.looks_like_film.push_back(false);
    // Looks drift from image to image, of film and substrate alike. So two ordered regions that
    // differ as film and substrate do are not both film.
    const double apart = film_from_substrate();
    const auto like_film = [&](Eigen::Index r) {
      return nearest(r, Layer::film) / (nearest(r, Layer::film) + nearest(r, Layer::substrate));
    };
    const auto other_is_film = [&](Eigen::Index r) {
      for (Eigen::Index q = 0; q < image.embeddings_RD.rows(); ++q)
        if (q != r && is_ordered(image.regions[static_cast<std::size_t>(q)].order) &&
            like_film(q) < like_film(r) &&
            2 * distance(image.embeddings_RD, static_cast<std::size_t>(q), image.embeddings_RD,
                         static_cast<std::size_t>(r)) >
                apart)
          return true;
      return false;
    };
    for (Eigen::Index r = 0; r < image.embeddings_RD.rows(); ++r) {
      evidence.looks_like_cap.push_back(nearest(r, Layer::cap) < limit);
      evidence.looks_like_film.push_back(nearest(r, Layer::film) < nearest(r, Layer::substrate) &&
                                         !other_is_film(r));
    }
  }
  const auto find = [&] {
    return find_layers(seen_layers(image), image.regions, *series_.growth, evidence);
  };
  std::vector<Layer> layers = find();
  // Looks drift with the dose. Where they leave no substrate, the place in the stack decides, and
  // the film's thickness shows whether that was right.
  if (!evidence.looks_like_film.empty() && !has(layers, Layer::film) &&
      !has(layers, Layer::amorphous)) {
    evidence.looks_like_film.clear();
    layers = find();
  }
  for (const int label : empty_[image.stem]) layers[static_cast<std::size_t>(label)] = Layer::other;
  apply_said(image, layers);
  if (!(has(layers, Layer::film) || has(layers, Layer::amorphous))) return none;
  if (!has_cap_) {
    // The least damaged image says what lies on the film, and what film and substrate look like.
    has_cap_ = has(layers, Layer::cap);
    for (std::size_t label = 1; label < layers.size(); ++label)
      looks_.emplace_back(layers[label],
                          image.embeddings_RD.row(static_cast<Eigen::Index>(label - 1)));
  }
  return layers;
}

/// Gives regions the layers that the user has said. A film without order is amorphous film.
void Join::apply_said(const SegmentedImage& image, std::vector<Layer>& layers) {
  for (const SaidLayer& said : said_) {
    if (said.stem != image.stem) continue;
    const bool amorphous =
        said.layer == Layer::film &&
        !is_ordered(image.regions[static_cast<std::size_t>(said.own_label - 1)].order);
    layers[static_cast<std::size_t>(said.own_label)] = amorphous ? Layer::amorphous : said.layer;
  }
}

/// Returns the kind of each of the image's labels, and adds new kinds.
std::vector<int> Join::match(const SegmentedImage& image, const std::vector<Layer>& layers) {
  const std::size_t regions = image.regions.size(), known = kinds_.size();
  std::vector<double> gain(regions * std::max<std::size_t>(known, 1), 0.0);
  const double limit = nearer_than_regions * near_;
  for (std::size_t r = 0; r < regions; ++r)
    for (std::size_t k = 0; k < known; ++k) {
      const bool no_looks =
          kinds_[k].embedding.size() == 0;  // a layer that no region has shown yet
      const double apart =
          no_looks
              ? limit
              : 1.0 -
                    image.embeddings_RD.row(static_cast<Eigen::Index>(r)).dot(kinds_[k].embedding);
      const Layer a = layers[r + 1], b = kinds_[k].layer;
      const bool layers_differ = a != b && a != Layer::other && b != Layer::other;
      const std::string &name = image.regions[r].name, &other_name = kinds_[k].name;
      if (!name.empty() && a == Layer::other && b == Layer::other && !other_name.empty()) {
        gain[r * known + k] = name == other_name ? 1 : 0;  // the user's word settles it
        continue;
      }
      const bool order_differs =
          std::abs(image.regions[r].order - kinds_[k].order) >= same_order_within;
      if (!layers_differ && !order_differs && apart < limit)
        gain[r * known + k] = 1.0 - apart / limit + 1e-6;
      if (a == b && a != Layer::other)
        gain[r * known + k] +=
            1.0;  // the same layer is the same region, however much its looks drift
    }
  std::vector<int> kind_of_label(regions + 1, -1);
  if (known > 0) {
    const std::vector<int> chosen =
        best_assignment(gain, static_cast<int>(regions), static_cast<int>(known));
    for (std::size_t r = 0; r < regions; ++r)
      if (chosen[r] >= 0 && gain[r * known + static_cast<std::size_t>(chosen[r])] > 0)
        kind_of_label[r + 1] = chosen[r];
  }
  for (std::size_t r = 0; r < regions; ++r) {
    int& kind = kind_of_label[r + 1];
    const Layer layer = layers[r + 1];
    if (kind < 0 && layer != Layer::other)
      kind = kind_of_layer(layer);  // a layer that the rule split stays one layer
    if (kind < 0) {
      kind = static_cast<int>(kinds_.size());
      kinds_.push_back({image.embeddings_RD.row(static_cast<Eigen::Index>(r)),
                        image.regions[r].order, layer, image.regions[r].name});
      label_of_kind_.push_back(0);
      continue;
    }
    Kind& matched = kinds_[static_cast<std::size_t>(kind)];
    if (matched.embedding.size() == 0)
      matched.embedding = image.embeddings_RD.row(static_cast<Eigen::Index>(r));
    matched.embedding =
        (matched.embedding + image.embeddings_RD.row(static_cast<Eigen::Index>(r))).normalized();
    matched.order = (matched.order + image.regions[r].order) / 2;
    if (matched.layer == Layer::other) matched.layer = layer;
    if (matched.name.empty()) matched.name = image.regions[r].name;
  }
  return kind_of_label;
}

int Join::kind_of_layer(Layer layer) {
  for (std::size_t k = 0; k < kinds_.size(); ++k)
    if (kinds_[k].layer == layer) return static_cast<int>(k);
  kinds_.push_back({{}, 0.0, layer});
  label_of_kind_.push_back(0);
  return static_cast<int>(kinds_.size()) - 1;
}

int Join::number_kind(int kind) {
  int& label = label_of_kind_[static_cast<std::size_t>(kind)];
  if (label == 0) {
    label = static_cast<int>(series_.labels.size()) + 1;
    if (label > 65535)
      throw InputError("the series has more than 65535 labels: raise --min-chips or lower the cut");
    const Kind& known = kinds_[static_cast<std::size_t>(kind)];
    std::string name = known.name;
    // A layer says more than its word does: "ordered film" for "film".
    if (known.layer != Layer::other && (name.empty() || layer_of_word(lower_case(name))))
      name = name_of(known.layer);
    if (name.empty()) name = "region " + std::to_string(label);
    series_.labels.push_back({label, known.layer, name});
  }
  return label;
}

/// CV_32SC1, the kind of every pixel, -1 = unassigned.
cv::Mat Join::kinds_of_pixels(const SegmentedImage& image, const std::vector<int>& kind_of_label,
                              const SeriesMember& member, const std::vector<Layer>& layers) {
  std::map<Layer, int> of_layer;
  cv::Mat kinds(image.labels.size(), CV_32S);
  for (int y = 0; y < kinds.rows; ++y)
    for (int x = 0; x < kinds.cols; ++x) {
      const std::uint16_t own = image.labels.at<std::uint16_t>(y, x);
      int kind = own == 0 ? -1 : kind_of_label[own];
      if (member.front) {
        const auto layer = static_cast<Layer>(member.front->layers.at<std::uint8_t>(y, x));
        const bool moved = layer != Layer::other && (own == 0 || layers[own] != layer);
        if (moved) {
          const auto [found, fresh] = of_layer.try_emplace(layer, 0);
          if (fresh) found->second = kind_of_layer(layer);
          kind = found->second;
        }
      }
      kinds.at<int>(y, x) = kind;
    }
  return kinds;
}

void Join::measure_regions_of(SeriesMember& member, const SegmentedImage& image,
                              const Micrograph& micrograph) const {
  const std::size_t count = series_.labels.size() + 1;
  std::vector<double> grey(count, 0.0), order(count, 0.0), chips(count, 0.0);
  std::vector<std::uint64_t> area(count, 0);
  std::vector<std::map<int, std::uint64_t>> own(count);
  for (int y = 0; y < member.labels.rows; ++y)
    for (int x = 0; x < member.labels.cols; ++x) {
      const std::uint16_t label = member.labels.at<std::uint16_t>(y, x);
      ++area[label];
      grey[label] += micrograph.pixels.at<float>(y, x);
      ++own[label][image.labels.at<std::uint16_t>(y, x)];
    }
  for (std::size_t node = 0; node < image.grid.chips(); ++node) {
    const cv::Rect2d chip = image.grid.chip_in_input(node);
    const int x = std::clamp(static_cast<int>(chip.x + chip.width / 2), 0, member.labels.cols - 1);
    const int y = std::clamp(static_cast<int>(chip.y + chip.height / 2), 0, member.labels.rows - 1);
    const std::uint16_t label = member.labels.at<std::uint16_t>(y, x);
    order[label] += image.order[node];
    chips[label] += 1;
  }
  for (std::size_t label = 1; label < count; ++label) {
    if (area[label] == 0) {
      member.absent.push_back(static_cast<int>(label));
      continue;
    }
    SeriesRegion region{static_cast<int>(label),
                        area[label],
                        {},
                        chips[label] > 0 ? order[label] / chips[label] : 0,
                        grey[label] / static_cast<double>(area[label]),
                        {}};
    if (member.nm_per_pixel)
      region.area_nm2 =
          static_cast<double>(area[label]) * *member.nm_per_pixel * *member.nm_per_pixel;
    double sure = 0, known = 0;
    for (const auto& [label_here, pixels] : own[label]) {
      if (label_here == 0) continue;
      const Region& mine = image.regions[static_cast<std::size_t>(label_here - 1)];
      if (!mine.confidence) continue;
      sure += *mine.confidence * static_cast<double>(pixels);
      known += static_cast<double>(pixels);
    }
    if (known > 0) region.confidence = sure / known;
    for (const auto& [label_here, pixels] : own[label])
      if (label_here > 0 &&
          2 * pixels > image.regions[static_cast<std::size_t>(label_here - 1)].area_px)
        region.own_labels.push_back(label_here);
    member.regions.push_back(std::move(region));
  }
}

bool Join::is_said(const SegmentedImage& image) const {
  return std::any_of(said_.begin(), said_.end(),
                     [&](const SaidLayer& one) { return one.stem == image.stem; });
}

/// Says which region is which layer, and measures the front by this image alone.
Draft Join::begin(const SegmentedImage& image, const Micrograph& micrograph) {
  Draft draft;
  SeriesMember& member = draft.member;
  member.entry = image.entry;
  member.stem = image.stem;
  member.rule = image.rule;
  member.nm_per_pixel = image.nm_per_pixel;
  member.pixel_aspect = image.pixel_aspect;
  member.chip_px = image.chip_px;
  member.grid = image.grid;
  member.order = image.order;
  member.stability = image.stability;
  member.stride_px = image.stride_px;
  const bool is_first = !has_cap_.has_value();
  draft.layers = layers_of(image);
  if (!has(draft.layers, Layer::film) && !has(draft.layers, Layer::amorphous)) return draft;
  member.growth = series_.growth;
  if (!series_.growth->given)
    if (const auto level =
            find_growth_direction(seen_layers(image), image.regions, series_.growth->angle_deg))
      member.growth = level;
  measure(draft, image, micrograph);
  if (!is_said(image) && is_first && !member.warnings.empty()) {
    has_cap_.reset();  // a later image says what the layers look like
    looks_.clear();
  }
  if (!film_contrast_ && member.front->film_contrast > 0 && member.warnings.empty())
    film_contrast_ = member.front->film_contrast;
  return draft;
}

void Join::measure(Draft& draft, const SegmentedImage& image, const Micrograph& micrograph) {
  SeriesMember& member = draft.member;
  const std::vector<Layer>& layers = draft.layers;
  double unstable = 0, chips = 0;
  for (std::size_t node = 0; node < image.grid.chips(); ++node) {
    const int label = image.label_of_chip[node];
    const Layer layer = layers[static_cast<std::size_t>(label)];
    if (label == 0 || !is_film(layer)) continue;
    chips += 1;
    // Chips between film and substrate may change sides without moving the front. So only
    // amorphous chips make it unsure.
    unstable += layer == Layer::amorphous ? 1.0 - image.stability[node] : 0.0;
  }
  FrontInput input{micrograph,     image.labels,  layers,
                   *member.growth, image.chip_px, chips > 0 ? unstable / chips : 0,
                   film_contrast_, threads_,      {}};
  if (thickness_ && thickness_->can_be_held() && member.nm_per_pixel)
    input.film_thickness_px = thickness_->median_nm / *member.nm_per_pixel;
  member.front = measure_front(input, options_.front);
  member.front->cap_thickness_px = cap_thickness_px(*member.front, member.pixel_aspect);
  draft.brightness = glass_over_crystal(*member.front, micrograph.pixels);
  member.warnings.clear();
  if (!is_said(image)) compare_labels(member, image);
}

/// Finds how thick the film is. Crystal cannot be mistaken for a cap, so images whose film begins
/// with crystal can tell, but for glass that went to the cap as a whole. So the thickness is that
/// of the most such images that agree, and of the thickest of these groups where several are as
/// large. Where no surface is crystal, all images are asked, and two that disagree settle nothing.
void Join::find_thickness(const std::vector<Draft>& drafts) {
  // The least damaged image is believed alone where it shows no glass. Where it shows some in
  // places, the rest may have gone to the cap.
  constexpr double least_glass = 0.02;
  std::vector<const SeriesMember*> sure, all;
  for (const Draft& draft : drafts) {
    const SeriesMember& member = draft.member;
    if (!film_thickness_nm(member) || !member.warnings.empty()) continue;
    if (draft.brightness.value_or(0) > brightest_glass) continue;  // part of the cap is in it
    all.push_back(&member);
    if (has_sure_surface(member)) sure.push_back(&member);
  }
  const std::vector<const SeriesMember*>& witnesses = sure.empty() ? all : sure;
  const SeriesMember* best = nullptr;
  std::size_t most = 0;
  for (const SeriesMember* one : witnesses) {
    const double here = *film_thickness_nm(*one);
    const auto alike = static_cast<std::size_t>(std::count_if(
        witnesses.begin(), witnesses.end(),
        [&](const SeriesMember* other) { return agree(*film_thickness_nm(*other), here, *one); }));
    const bool thicker =
        best && !agree(here, *film_thickness_nm(*best), *one) && here > *film_thickness_nm(*best);
    if (alike > most || (alike == most && thicker)) {
      best = one;
      most = alike;
    }
  }
  if (!best) return;
  thickness_ = Thickness{best->stem,
                         *film_thickness_nm(*best),
                         mean_thickness_nm(*best),
                         {},
                         most > 1 || (best == &drafts.front().member &&
                                      best->front->amorphous_fraction.value < least_glass)};
  if (sure.empty() && most == 1 && all.size() > 1)
    thickness_->other_nm = film_thickness_nm(*(all[0] == best ? all[1] : all[0]));
}

/// A film may have lost its glass to the cap as a whole, and then begins with crystal. Where
/// another image has a thicker film and the grey shows a clearer surface at that thickness, it is
/// believed.
void Join::ask_thicker_films(const std::vector<Draft>& drafts, const LoadImage& load) {
  constexpr double clearer = 0.05;  // difference over sum
  if (!thickness_ || thickness_->other_nm) return;
  const std::string stem = thickness_->stem;
  const auto at = std::find_if(drafts.begin(), drafts.end(),
                               [&](const Draft& draft) { return draft.member.stem == stem; });
  const SegmentedImage& image = images_[static_cast<std::size_t>(at - drafts.begin())];
  if (is_said(image)) return;
  for (const Draft& other : drafts) {
    const std::optional<double> thicker = film_thickness_nm(other.member);
    if (!thicker || !other.member.warnings.empty() || *thicker <= thickness_->median_nm ||
        agree(thickness_->median_nm, *thicker, other.member))
      continue;
    const std::optional<Thickness> before = thickness_;
    thickness_ = Thickness{other.member.stem, *thicker, mean_thickness_nm(other.member), {}};
    Draft again = *at;
    measure(again, image, load(image.entry));
    const bool believed =
        again.member.warnings.empty() && again.brightness.value_or(0) < brightest_glass &&
        agree(film_thickness_nm(again.member).value_or(0), *thicker, again.member) &&
        again.member.front->surface_step > at->member.front->surface_step + clearer;
    if (believed) return;
    thickness_ = before;
  }
}

SeriesMember Join::finish(Draft draft, const SegmentedImage& image, const Micrograph& micrograph) {
  SeriesMember& member = draft.member;
  const std::vector<Layer>& layers = draft.layers;
  const std::vector<int> kind_of_label = match(image, layers);
  if (member.front) {
    // What the user has said is in no doubt.
    const bool said = is_said(image);
    const std::optional<double> thickness = film_thickness_nm(member);
    if (!said && thickness_ && thickness_->can_be_held() && thickness &&
        (!agree(*thickness, thickness_->median_nm, member) ||
         !agree(mean_thickness_nm(member), thickness_->mean_nm, member)))
      measure(draft, image, micrograph);
    member.notes = member.front->notes;
    member.substrate_share =
        cv::countNonZero(member.front->layers == static_cast<int>(Layer::substrate)) /
        static_cast<double>(member.front->layers.total());
    if (member.warnings.empty() && member.front->film_area_px.value <= 0)
      member.warnings.push_back(
          "no film is seen between the cap and the substrate: all of it may be glass that was "
          "taken "
          "for the cap, so its numbers are not given; --layers settles it");
    if (const double ratio = draft.brightness.value_or(0);
        !said && member.warnings.empty() && ratio > brightest_glass)
      member.warnings.push_back("what is taken for amorphous film is " + fixed(ratio, 2) +
                                " times as bright as the ordered film, but a glass is no brighter "
                                "than its crystal: it may be the cap, so its numbers are not "
                                "given; --layers settles it");
    constexpr double most_undamaged = 0.05;  // the amorphous share of an image at dose 0
    if (const double share = member.front->amorphous_fraction.value;
        !said && member.warnings.empty() && member.entry.dose == 0 && share > most_undamaged)
      member.warnings.push_back("the film is amorphous to " + fixed(share, 2) +
                                " at dose 0: the preparation has damaged it, or the cap was taken "
                                "for it, so its numbers are not given; --layers settles it");
    if (!said && member.warnings.empty()) compare_period(member);
    if (!said && member.warnings.empty()) compare_thickness(member);
    constexpr double most_uncertain = 0.05;  // one standard deviation of the amorphous share
    if (const double by = member.front->amorphous_fraction.uncertainty;
        !said && member.warnings.empty() && by > most_uncertain)
      member.warnings.push_back("the amorphous share is uncertain by " + fixed(by, 2) +
                                ": runs, looks or borders disagree, so its numbers are not "
                                "given; --layers settles it");
    if (!said && has_cap_.value_or(false) && !has(layers, Layer::cap) &&
        !member.front->cap_thickness_px)
      member.warnings.push_back(
          "no cap is seen here, though the least damaged image shows one: part of it may be "
          "counted as amorphous film; --layers settles it");
  } else if (series_.growth) {
    member.warnings.push_back(
        "no film on a substrate is seen, so no front is measured; --layers settles it");
  }
  for (const std::string& note : empty_notes_[image.stem]) member.notes.push_back(note);
  for (const int label : empty_[image.stem])
    member.notes.push_back("region " + std::to_string(label) +
                           " of its own map is black, of one grey, or to a third or more beside "
                           "the sample: it is taken for vacuum or a strip of text, not for a "
                           "layer");
  const cv::Mat kinds = kinds_of_pixels(image, kind_of_label, member, layers);
  std::map<int, std::uint64_t> areas;
  for (int y = 0; y < kinds.rows; ++y)
    for (int x = 0; x < kinds.cols; ++x) ++areas[kinds.at<int>(y, x)];
  std::vector<int> by_area;
  for (const auto& [kind, area] : areas)
    if (kind >= 0) by_area.push_back(kind);
  std::stable_sort(by_area.begin(), by_area.end(),
                   [&](int a, int b) { return areas[a] > areas[b]; });
  for (const int kind : by_area) (void)number_kind(kind);
  member.labels.create(kinds.size(), CV_16U);
  for (int y = 0; y < kinds.rows; ++y)
    for (int x = 0; x < kinds.cols; ++x) {
      const int kind = kinds.at<int>(y, x);
      member.labels.at<std::uint16_t>(y, x) =
          static_cast<std::uint16_t>(kind < 0 ? 0 : label_of_kind_[static_cast<std::size_t>(kind)]);
    }
  measure_regions_of(member, image, micrograph);
  for (const int label : member.absent)
    member.notes.push_back(series_.labels[static_cast<std::size_t>(label - 1)].name + " (label " +
                           std::to_string(label) + ") is absent");
  return member;
}

/// Warns where the lattice's period is not that of the other images: no dose changes a lattice by a
/// twentieth, but a wrong pixel size does. Of two images neither is known to be right.
void Join::compare_period(SeriesMember& member) const {
  const std::optional<double> own = lattice_period_nm(member);
  if (!own) return;
  const auto agrees = [&](double other) {
    // Another vector of the same square lattice may have been taken.
    for (const double factor : {1.0, std::numbers::sqrt2, 2.0})
      for (const double ratio : {factor * other / *own, other / *own / factor})
        if (std::abs(ratio - 1) < 0.05) return true;
    return false;
  };
  std::size_t others = 0, unlike = 0;
  const std::pair<std::string, double>* one = nullptr;
  for (const auto& entry : periods_nm_) {
    if (entry.first == member.stem) continue;
    ++others;
    if (agrees(entry.second)) continue;
    ++unlike;
    if (!one) one = &entry;
  }
  if (2 * unlike <= others) return;
  member.warnings.push_back("the lattice of the film has a period of " + fixed(*own, 3) +
                            " nm here, but of " + fixed(one->second, 3) + " nm in " + one->first +
                            (others > 1 ? " and most others" : "") +
                            ": a pixel size may be wrong, so its numbers are not given; the "
                            "column pixel_size of the list settles it, or --layers");
}

/// Warns where the film is not as thick as in the images that can tell: the same film has the same
/// thickness at every dose.
void Join::compare_thickness(SeriesMember& member) const {
  const std::optional<double> typical = film_thickness_nm(member);
  if (!typical || !thickness_) return;
  const std::string settle = "so its numbers are not given; --layers settles it";
  if (const std::optional<double> other = thickness_->other_nm) {
    const bool is_first = member.stem == thickness_->stem;
    member.warnings.push_back("the film is " + fixed(*typical, 1) + " nm thick here, but " +
                              fixed(is_first ? *other : thickness_->median_nm, 1) +
                              " nm in another image, and none tells which is right: one of its "
                              "borders may be wrong, " +
                              settle);
    return;
  }
  if (!thickness_->confirmed && member.stem == thickness_->stem) {
    member.warnings.push_back(
        "no other image of the series shows how thick the film is, so nothing confirms its "
        "borders, " +
        settle);
    return;
  }
  // Pockets that were given to the cap leave the median as it is.
  for (const auto& [here, expected, how] :
       {std::tuple{*typical, thickness_->median_nm, ""},
        std::tuple{mean_thickness_nm(member), thickness_->mean_nm, " in the mean"}}) {
    if (agree(here, expected, member)) continue;
    member.warnings.push_back("the film is " + fixed(here, 1) + " nm thick" + how + ", but " +
                              fixed(expected, 1) + " nm in " + thickness_->stem +
                              ": one of its borders may be wrong, " + settle);
    return;
  }
}

Series Join::run(const LoadImage& load, const VisitMember& visit) {
  if (images_.empty()) throw UsageError("a series has at least one image");
  series_.axis = options_.axis;
  std::stable_sort(
      images_.begin(), images_.end(),
      [](const SegmentedImage& a, const SegmentedImage& b) { return a.entry.dose < b.entry.dose; });
  near_ = least_distance(images_);
  for (SegmentedImage& image : images_) {
    const Micrograph micrograph = load(image.entry);
    if (micrograph.pixels.size() != image.labels.size())
      throw InputError(image.entry.image.string() +
                       " is not the image that was segmented: its size differs");
    image.labels = image.labels.clone();  // the caller's stay as they are
    if (const int rows = clear_strips(image.labels, micrograph.pixels); rows > 0)
      empty_notes_[image.stem].push_back(std::to_string(rows) +
                                         " rows at the edge have one grey: they are taken for a "
                                         "strip of text, not for a layer");
    if (const double share = clear_vacuum(image.labels, micrograph.pixels, image.chip_px);
        share > 0)
      empty_notes_[image.stem].push_back(fixed(100 * share, 1) +
                                         " % of the image, at its edge, is dark and even: it is "
                                         "taken for vacuum, not for a layer");
    constexpr double most_lost = 1.0 / 3;
    for (const Region& region : image.regions) {
      const double left = cv::countNonZero(image.labels == region.label);
      if (left < (1 - most_lost) * static_cast<double>(region.area_px))
        empty_[image.stem].insert(region.label);  // its chips look at vacuum: so does its order
    }
    find_empty(image, micrograph);
  }
  find_growth();
  std::vector<Draft> drafts;
  for (const SegmentedImage& image : images_) {
    drafts.push_back(begin(image, load(image.entry)));
  }
  for (const Draft& draft : drafts)
    if (const std::optional<double> period = lattice_period_nm(draft.member))
      periods_nm_.emplace_back(draft.member.stem, *period);
  find_thickness(drafts);
  ask_thicker_films(drafts, load);
  for (std::size_t i = 0; i < images_.size(); ++i) {
    SegmentedImage& image = images_[i];
    const Micrograph micrograph = load(image.entry);
    series_.members.push_back(finish(std::move(drafts[i]), image, micrograph));
    if (visit) visit(series_.members.back(), micrograph, series_.labels);
    series_.members.back().labels.release();  // written by now; a long series would fill memory
    image.labels.release();
    if (series_.members.back().front) series_.members.back().front->layers.release();
  }
  return std::move(series_);
}

}  // namespace

std::optional<double> film_thickness_nm(const SeriesMember& member) {
  if (!member.front || !member.nm_per_pixel) return {};
  const auto px = film_thickness_px(*member.front, member.pixel_aspect);
  return px ? std::optional(*px * *member.nm_per_pixel) : std::nullopt;
}

namespace {

bool is_named(const SegmentedImage& image, const std::string& name) {
  return name.empty() || name == image.stem || name == image.entry.name;
}

/// The layers of regions that --names or --prototypes call by a layer's word.
std::vector<SaidLayer> named_layers(const std::vector<SegmentedImage>& images) {
  std::vector<SaidLayer> named;
  for (const SegmentedImage& image : images)
    for (const Region& region : image.regions)
      if (const std::optional<Layer> layer = layer_of_word(lower_case(region.name)))
        named.push_back({image.stem, region.label, *layer});
  return named;
}

/// What the user said by --layers, behind what is `said` already, as own labels of the images'
/// maps. A label is one of the map that the series has without a word from the user, so that the
/// same file means the same when it is applied again.
std::vector<SaidLayer> said_layers(const std::vector<SegmentedImage>& images,
                                   const SeriesOptions& options, const LoadImage& load, int threads,
                                   std::vector<SaidLayer> said) {
  std::map<std::string, cv::Mat> maps;
  if (std::any_of(options.layers.begin(), options.layers.end(),
                  [](const LayerOfLabel& one) { return one.label > 0; })) {
    SeriesOptions plain = options;
    plain.layers.clear();
    (void)Join(images, plain, threads, said)
        .run(load,
             [&](const SeriesMember& member, const Micrograph&, const std::vector<SeriesLabel>&) {
               maps[member.stem] = member.labels.clone();
             });
  }
  for (const LayerOfLabel& one : options.layers) {
    bool found = false, named = false;
    for (const SegmentedImage& image : images) {
      if (!is_named(image, one.image)) continue;
      named = true;
      std::vector<std::uint64_t> pixels(image.regions.size() + 1, 0);
      if (one.point_px) {
        const cv::Point at(cvRound(one.point_px->x), cvRound(one.point_px->y));
        if (!cv::Rect({}, image.labels.size()).contains(at))
          throw UsageError("the point (" + number(one.point_px->x) + ", " +
                           number(one.point_px->y) + ") of --layers lies outside " + image.stem);
        ++pixels[image.labels.at<std::uint16_t>(at)];
      } else {
        const cv::Mat& map = maps.at(image.stem);
        for (int y = 0; y < map.rows; ++y)
          for (int x = 0; x < map.cols; ++x)
            if (map.at<std::uint16_t>(y, x) == one.label)
              ++pixels[image.labels.at<std::uint16_t>(y, x)];
      }
      for (std::size_t label = 1; label < pixels.size(); ++label) {
        const bool most =
            one.point_px ? pixels[label] > 0 : 2 * pixels[label] > image.regions[label - 1].area_px;
        if (!most) continue;
        said.push_back({image.stem, static_cast<int>(label), one.layer});
        found = true;
      }
    }
    if (!named)
      throw UsageError("--layers names the image '" + one.image + "', which the series has not");
    if (!found)
      throw UsageError("--layers: " +
                       (one.label > 0 ? "label " + std::to_string(one.label) +
                                            " is most of no region of its image"
                                      : std::string("a point lies in no region")) +
                       "; give x_px and y_px of a point inside the region");
  }
  return said;
}

}  // namespace

std::optional<double> front_depth_limit_px(const SeriesMember& member) {
  if (!member.front) return {};
  return member.front->limit_px.value_or(member.chip_px);
}

std::optional<double> amorphous_fraction_limit(const SeriesMember& member) {
  if (!member.front) return {};
  const auto thickness = film_thickness_px(*member.front, member.pixel_aspect);
  if (!thickness || *thickness <= 0) return {};
  return std::min(1.0, *front_depth_limit_px(member) / *thickness);
}

std::optional<double> cap_thickness_nm(const SeriesMember& member) {
  if (!member.front || !member.nm_per_pixel || !member.front->cap_thickness_px) return {};
  return *member.front->cap_thickness_px * *member.nm_per_pixel;
}

std::optional<double> film_thickness_sd_nm(const SeriesMember& member) {
  if (!member.front || !member.nm_per_pixel || member.front->curve.empty()) return {};
  cv::Scalar mean, sd;
  cv::meanStdDev(film_thicknesses_px(*member.front, member.pixel_aspect), mean, sd);
  return sd[0] * *member.nm_per_pixel;
}

std::optional<double> lattice_period_nm(const SeriesMember& member) {
  if (!member.front || !member.nm_per_pixel || !member.front->period_px) return {};
  return *member.front->period_px * *member.nm_per_pixel;
}

Series join_series(std::vector<SegmentedImage> images, const SeriesOptions& options,
                   const LoadImage& load, const VisitMember& visit, int threads) {
  const std::vector<SaidLayer> named = named_layers(images);
  std::vector<SaidLayer> said = said_layers(images, options, load, threads, named);
  const std::size_t by_layers = said.size() - named.size();
  Join join(std::move(images), options, threads, std::move(said));
  Series series = join.run(load, visit);
  for (const auto& [count, whose] : {std::pair{named.size(), "those of their own names"},
                                     std::pair{by_layers, "those that --layers gives"}})
    if (count > 0)
      series.notes.push_back("the layers of " + std::to_string(count) +
                             (count == 1 ? " region are " : " regions are ") + whose);
  return series;
}

}  // namespace metamict
