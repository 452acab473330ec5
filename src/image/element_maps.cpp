// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/element_maps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <random>
#include <set>

#include "base/text.hpp"
#include "image/size_text.hpp"
#include "image/spectrum_image.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "metamict/micrograph.hpp"

namespace metamict {

namespace {

constexpr std::array symbols = {
    "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",
    "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge",
    "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd",
    "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd",
    "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg",
    "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm"};

/// The element that a dataset's name begins with ("Fe", "Fe_Ka", "Ca (SuperXG2)"), or nothing.
std::string element_of(const std::string& name) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  std::size_t length = 0;
  while (length < name.size() && is_letter(name[length])) ++length;
  const std::string word = name.substr(0, length);
  return std::find(symbols.begin(), symbols.end(), word) == symbols.end() ? std::string() : word;
}

/// A file and the names of the maps in it; no names = those that the file gives.
struct Source {
  std::string file;
  std::vector<std::string> elements;
};

std::vector<Source> sources_of(const std::string& text) {
  if (text.empty()) throw UsageError("--maps names no file");
  if (text.find('=') == std::string::npos || std::filesystem::exists(text)) return {{text, {}}};
  std::vector<Source> sources;
  std::vector<std::string> names;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const std::string part = text.substr(from, comma - from);
    const std::size_t equals = part.find('=');
    names.push_back(part.substr(0, equals));
    if (names.back().empty())
      throw UsageError("--maps '" + text + "' has an element without a name");
    if (equals != std::string::npos) {
      if (equals + 1 == part.size())
        throw UsageError("--maps '" + text + "' names no file for " + names.back());
      sources.push_back({part.substr(equals + 1), std::move(names)});
      names.clear();
    }
    from = comma + 1;
  }
  if (!names.empty())
    throw UsageError("--maps '" + text + "' names no file for " + names.back() +
                     ": give EL=FILE,EL=FILE");
  return sources;
}

/// One map as a file holds it.
struct Map {
  std::string element;
  RawImage raw;
};

RawImage read_frame(const std::string& file, std::size_t dataset, int frame,
                    std::uint64_t max_pixels) {
  RawImage raw = recognise_format(file).read({file, dataset, frame, max_pixels});
  for (int y = 0; y < raw.pixels.rows; ++y)
    for (int x = 0; x < raw.pixels.cols; ++x)
      if (!std::isfinite(raw.pixels.at<float>(y, x)))
        throw InputError(file + ": an element map holds a NaN or infinite pixel at row " +
                         std::to_string(y) + ", column " + std::to_string(x));
  return raw;
}

/// The frames of a stack, one map each.
void read_stack(const Source& source, std::size_t dataset, const DatasetInfo& info,
                std::uint64_t max_pixels, std::vector<Map>& maps, Notes& notes) {
  std::vector<std::string> names = source.elements;
  if (names.empty()) names = info.frame_names;
  const auto frames = static_cast<std::size_t>(info.frames);
  if (!names.empty() && names.size() != frames) {
    if (!source.elements.empty())
      throw UsageError("--maps names " + std::to_string(names.size()) + " elements for " +
                       source.file + ", which holds " + std::to_string(frames) + " maps");
    names.clear();
  }
  if (names.empty()) {
    for (std::size_t k = 0; k < frames; ++k) names.push_back("map" + std::to_string(k + 1));
    notes.push_back("the element maps of " + source.file +
                    " have no names: they are called map1 to map" + std::to_string(frames) +
                    " (--maps EL,EL,...=FILE names them)");
  }
  for (std::size_t k = 0; k < frames; ++k)
    maps.push_back({names[k], read_frame(source.file, dataset, static_cast<int>(k), max_pixels)});
}

/// The maps of one file: the frames of its stack, or its datasets that bear an element's name.
void read_source(const Source& source, const std::vector<DatasetInfo>& datasets,
                 std::uint64_t max_pixels, std::vector<Map>& maps, Notes& notes) {
  const auto choose = [&](const std::string& wanted) {
    try {
      return choose_dataset(datasets, wanted);
    } catch (const InputError& error) {
      throw InputError(source.file + ": " + error.what());
    }
  };
  if (source.elements.size() == 1) {  // the dataset of that name, where there are several
    const auto named = std::find_if(datasets.begin(), datasets.end(), [&](const DatasetInfo& info) {
      return info.image && element_of(info.name) == source.elements[0];
    });
    const std::size_t index =
        named == datasets.end() ? choose({}) : static_cast<std::size_t>(named - datasets.begin());
    if (datasets[index].frames > 1)
      throw UsageError("--maps names one element for " + source.file + ", which holds " +
                       std::to_string(datasets[index].frames) + " frames: name them all");
    maps.push_back({source.elements[0], read_frame(source.file, index, 0, max_pixels)});
    return;
  }
  if (source.elements.empty()) {
    const std::size_t before = maps.size();
    for (std::size_t k = 0; k < datasets.size(); ++k)
      if (const std::string element = element_of(datasets[k].name);
          datasets[k].image && datasets[k].frames == 1 && !element.empty())
        maps.push_back({element, read_frame(source.file, k, 0, max_pixels)});
    if (maps.size() > before) return;
  }
  const std::size_t index = choose({});
  if (datasets[index].frames < 2)
    throw InputError(source.file +
                     ": holds one image and none named like an element: give the maps as a stack, "
                     "or as EL=FILE,EL=FILE");
  read_stack(source, index, datasets[index], max_pixels, maps, notes);
}

/// What one count adds to the values: the noise's variance over the mean, from neighbours. It is 1
/// for counts, and for shares or percents what one more X-ray would change.
double value_of_a_count(const std::vector<cv::Mat>& values) {
  double variance = 0, mean = 0;
  for (const cv::Mat& map : values) {
    double sum = 0, pairs = 0;
    for (int y = 0; y < map.rows; ++y)
      for (int x = 0; x + 1 < map.cols; x += 2) {
        const double d = map.at<float>(y, x) - map.at<float>(y, x + 1);
        sum += d * d / 2;
        pairs += 1;
      }
    if (pairs > 0) variance += sum / pairs;
    mean += cv::mean(map)[0];
  }
  return variance > 0 && mean > 0 ? variance / mean : 1;
}

bool are_whole(const std::vector<cv::Mat>& values) {
  for (const cv::Mat& map : values)
    for (int y = 0; y < map.rows; ++y)
      for (int x = 0; x < map.cols; ++x)
        if (const float value = map.at<float>(y, x); value != std::floor(value)) return false;
  return true;
}

std::string length_text(const MapsLength& length) {
  return number(length.value) + (length.in_nm ? " nm" : " px");
}

/// A length along an axis in pixels of the micrograph.
double in_px(const MapsLength& length, std::optional<double> nm_per_pixel, const char* option) {
  if (!length.in_nm) return length.value;
  if (!nm_per_pixel)
    throw InputError(std::string(option) + " is " + length_text(length) +
                     " but the micrograph's pixel size is not known: give --pixel-size, or a "
                     "length in px");
  return length.value / *nm_per_pixel;
}

/// Edges of a pixel of the maps in pixels of the micrograph, x and y; nothing where not known.
std::optional<cv::Point2d> edges_px(const MapsOptions& options, const DatasetInfo& info,
                                    const Micrograph& micrograph) {
  const std::optional<PixelSize> own = micrograph.pixel_size();
  if (options.scale) {
    const auto along = [&](std::optional<double> nm) {
      return in_px(*options.scale, nm, "--maps-scale");
    };
    return cv::Point2d(along(own ? std::optional(own->width_nm) : std::nullopt),
                       along(own ? std::optional(own->height_nm) : std::nullopt));
  }
  if (!info.nm_per_pixel || !own) return {};
  return cv::Point2d((*info.nm_per_pixel)[1] / own->width_nm,
                     (*info.nm_per_pixel)[0] / own->height_nm);
}

cv::Rect2d field_of(const MapsOptions& options, const DatasetInfo& info, cv::Size size,
                    const Micrograph& micrograph) {
  const cv::Size image = micrograph.pixels.size();
  const std::optional<PixelSize> own = micrograph.pixel_size();
  const std::optional<cv::Point2d> edges = edges_px(options, info, micrograph);
  const bool same_size = size == image;
  if (!edges && !same_size)
    throw InputError(
        "the element maps are " + size_text(size) + " but the image is " + size_text(image) +
        ", and the size of their pixels is not known: give " +
        (own || options.scale ? "--maps-scale" : "--maps-scale in px, or --pixel-size"));
  const cv::Point2d edge = edges.value_or(cv::Point2d(1, 1));
  cv::Rect2d field(0, 0, edge.x * size.width, edge.y * size.height);
  if (options.offset) {
    field.x = in_px(options.offset->first, own ? std::optional(own->width_nm) : std::nullopt,
                    "--maps-offset");
    field.y = in_px(options.offset->second, own ? std::optional(own->height_nm) : std::nullopt,
                    "--maps-offset");
  } else if (info.origin_nm && micrograph.origin_nm && own) {
    field.y = ((*info.origin_nm)[0] - (*micrograph.origin_nm)[0]) / own->height_nm;
    field.x = ((*info.origin_nm)[1] - (*micrograph.origin_nm)[1]) / own->width_nm;
  } else if (std::abs(field.width - image.width) > std::max(edge.x, 1.0) ||
             std::abs(field.height - image.height) > std::max(edge.y, 1.0)) {
    throw InputError("the element maps cover " + number(field.width) + " x " +
                     number(field.height) + " px of an image of " + number(image.width) + " x " +
                     number(image.height) +
                     " px, and it is not known where: give --maps-offset X,Y of their upper left "
                     "corner");
  }
  if ((field & cv::Rect2d({}, cv::Size2d(image))).area() <= 0)
    throw InputError("the element maps lie beside the image: their upper left corner is at (" +
                     number(field.x) + ", " + number(field.y) + ") px");
  return field;
}

void refuse_what_is_no_map(const std::vector<Map>& maps) {
  std::set<std::string> names;
  for (const Map& map : maps) {
    if (!names.insert(map.element).second)
      throw InputError("the element " + map.element + " has two maps: name the one that counts");
    if (map.raw.pixels.size() != maps[0].raw.pixels.size())
      throw InputError("the element maps are not of one size: " + maps[0].element + " is " +
                       size_text(maps[0].raw.pixels.size()) + ", " + map.element + " is " +
                       size_text(map.raw.pixels.size()));
  }
  if (maps.size() < 2)
    throw InputError("there is one element map, but a composition needs at least two");
}

/// Gives the maps their field, and what they are asked by.
void lay_on(const MapsOptions& options, const DatasetInfo& info, const Micrograph& micrograph,
            ElementMaps& maps, Notes& notes) {
  maps.field = field_of(options, info, maps.counts[0].size(), micrograph);
  const double covered = maps.cover(cv::Rect2d({}, cv::Size2d(micrograph.pixels.size())));
  if (covered < 0.995)
    notes.push_back("the element maps cover " + number(std::round(100 * covered)) +
                    " % of the image; elsewhere the micrograph alone decides");
  maps.sum_up();
}

/// The spectrum image among a file's datasets, where none of them is a map of an element or a
/// stack.
std::optional<std::size_t> spectrum_image_in(const std::vector<DatasetInfo>& datasets) {
  std::optional<std::size_t> found;
  for (std::size_t k = 0; k < datasets.size(); ++k) {
    if (datasets[k].image && (datasets[k].frames > 1 || !element_of(datasets[k].name).empty()))
      return {};
    if (datasets[k].channels && !found) found = k;
  }
  return found;
}

}  // namespace

void ElementMaps::sum_up() {
  sums_.clear();
  if (!spectra) all = cv::Mat::zeros(counts.at(0).size(), CV_32FC1);
  for (const cv::Mat& map : counts) {
    cv::Mat sum;
    cv::integral(map, sum, CV_64F);
    sums_.push_back(sum);
    if (!spectra) all += map;
  }
  cv::integral(all, sum_of_all_, CV_64F);
}

double ElementMaps::count_in(std::size_t element, const cv::Rect2d& part_px) const {
  const double count = sum_in(sums_[element], part_px);
  return spectra ? count : std::max(0.0, count);
}

CountedPart ElementMaps::counts_in(const cv::Rect2d& part_px) const {
  CountedPart part;
  for (std::size_t e = 0; e < elements.size(); ++e) part.each.push_back(count_in(e, part_px));
  part.all = std::max(0.0, sum_in(sum_of_all_, part_px));
  return part;
}

double ElementMaps::sum_in(const cv::Mat& sum, const cv::Rect2d& part_px) const {
  const double right = sum.cols - 1, bottom = sum.rows - 1;
  const auto column = [&](double x) {
    return std::clamp((x - field.x) * right / field.width, 0.0, right);
  };
  const auto row = [&](double y) {
    return std::clamp((y - field.y) * bottom / field.height, 0.0, bottom);
  };
  // Between the corners of pixels the sum rises evenly, as a pixel's count is spread over it.
  const auto at = [&](double y, double x) {
    const int top = std::min(static_cast<int>(y), sum.rows - 2),
              left = std::min(static_cast<int>(x), sum.cols - 2);
    const double v = y - top, u = x - left;
    return (1 - v) * ((1 - u) * sum.at<double>(top, left) + u * sum.at<double>(top, left + 1)) +
           v * ((1 - u) * sum.at<double>(top + 1, left) + u * sum.at<double>(top + 1, left + 1));
  };
  const double x0 = column(part_px.x), x1 = column(part_px.x + part_px.width), y0 = row(part_px.y),
               y1 = row(part_px.y + part_px.height);
  return at(y1, x1) - at(y0, x1) - at(y1, x0) + at(y0, x0);
}

double ElementMaps::cover(const cv::Rect2d& part_px) const {
  return part_px.area() > 0 ? (part_px & field).area() / part_px.area() : 0;
}

ElementMaps mirrored(const ElementMaps& maps, int code, cv::Size micrograph) {
  ElementMaps result = maps;
  const auto turn = [code](cv::Mat& map) {
    cv::Mat turned;
    cv::flip(map, turned, code);
    map = turned;
  };
  for (cv::Mat& map : result.counts) turn(map);
  turn(result.all);
  if (code != 0) result.field.x = micrograph.width - maps.field.x - maps.field.width;
  if (code <= 0) result.field.y = micrograph.height - maps.field.y - maps.field.height;
  result.sum_up();
  return result;
}

ElementMaps thinned(const ElementMaps& maps, std::uint64_t seed) {
  ElementMaps result = maps;
  if (maps.spectra) {
    result.counts = maps.spectra->half;
    result.all = maps.spectra->half_all;
    result.sum_up();
    return result;
  }
  std::mt19937_64 random(seed);
  for (cv::Mat& map : result.counts) {
    map = map.clone();
    map.forEach<float>([](float& count, const int*) { count = std::round(count); });
    for (int y = 0; y < map.rows; ++y)
      for (int x = 0; x < map.cols; ++x)
        if (float& count = map.at<float>(y, x); count > 0)
          count = static_cast<float>(
              std::binomial_distribution<long>(static_cast<long>(count), 0.5)(random));
  }
  result.sum_up();
  return result;
}

std::vector<std::string> files_of_maps(const std::string& text) {
  std::vector<std::string> files;
  for (const Source& source : sources_of(text)) files.push_back(source.file);
  return files;
}

ElementMaps load_element_maps(const MapsOptions& options, const Micrograph& micrograph,
                              std::uint64_t max_pixels, Notes& notes) {
  const std::vector<Source> sources = sources_of(options.files);
  std::vector<Map> found;
  for (const Source& source : sources) {
    const std::vector<DatasetInfo> datasets =
        recognise_format(source.file).list(source.file, max_pixels);
    const std::optional<std::size_t> spectra = spectrum_image_in(datasets);
    if (spectra && sources.size() == 1 && source.elements.empty()) {
      ElementMaps maps =
          read_spectrum_image(source.file, *spectra, datasets[*spectra], max_pixels, notes);
      lay_on(options, datasets[*spectra], micrograph, maps, notes);
      return maps;
    }
    read_source(source, datasets, max_pixels, found, notes);
  }
  refuse_what_is_no_map(found);
  ElementMaps maps;
  double least = 0;
  for (Map& map : found) {
    double low = 0;
    cv::minMaxLoc(map.raw.pixels, &low);
    least = std::min(least, low);
    maps.elements.push_back(map.element);
    maps.counts.push_back(map.raw.pixels);
  }
  if (least < 0) {
    for (cv::Mat& map : maps.counts) map = cv::max(map, 0.0);
    notes.push_back("element maps hold values below 0, the lowest " + number(least) +
                    ": they count as 0");
  }
  maps.counted = are_whole(maps.counts);
  if (!maps.counted) {
    const double one = value_of_a_count(maps.counts);
    for (cv::Mat& map : maps.counts) map = map / one;
    notes.push_back(
        "element maps hold no whole counts: by the noise between neighbours one count "
        "is " +
        number(one) + " of their unit");
  }
  double all = 0;
  for (const cv::Mat& map : maps.counts) all += cv::sum(map)[0];
  if (all <= 0) throw InputError("the element maps are empty: no element has a count");
  lay_on(options, found[0].raw.info, micrograph, maps, notes);
  return maps;
}

}  // namespace metamict
