// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/micrograph.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "image/burned_in.hpp"
#include "image/size_text.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"

namespace metamict {

namespace {

// Returns a frame's number, or nothing for "mean".
std::optional<int> parse_frame(const std::string& text) {
  if (text == "mean") return std::nullopt;
  int frame = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), frame);
  if (error != std::errc{} || end != text.data() + text.size() || frame < 0)
    throw UsageError("the frame must be a whole number from 0 or \"mean\", not \"" + text + "\"");
  return frame;
}

void refuse_non_finite(const std::string& name, const cv::Mat& pixels) {
  std::size_t nans = 0, infinities = 0;
  int first_row = -1, first_col = -1;
  for (int row = 0; row < pixels.rows; ++row) {
    const float* values = pixels.ptr<float>(row);
    for (int col = 0; col < pixels.cols; ++col) {
      if (std::isfinite(values[col])) continue;
      if (first_row < 0) {
        first_row = row;
        first_col = col;
      }
      ++(std::isnan(values[col]) ? nans : infinities);
    }
  }
  if (nans + infinities == 0) return;
  throw InputError(name + ": holds " + std::to_string(nans) + " NaN and " +
                   std::to_string(infinities) + " infinite pixels, the first at row " +
                   std::to_string(first_row) + ", column " + std::to_string(first_col) +
                   "; replace them before segmenting");
}

void refuse_constant(const std::string& name, const cv::Mat& pixels) {
  double least = 0, most = 0;
  cv::minMaxLoc(pixels, &least, &most);
  if (least < most) return;
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(least)).ptr;
  throw InputError(name + ": is constant: all " + std::to_string(pixels.total()) + " pixels are " +
                   std::string(text.data(), end) + ", so there is nothing to segment");
}

void set_pixel_size(Micrograph& micrograph, const DatasetInfo& info, const LoadOptions& options) {
  micrograph.pixel_size_source = "unknown";
  if (info.nm_per_pixel) {
    const auto [y, x] = *info.nm_per_pixel;
    micrograph.nm_per_pixel = std::sqrt(y * x);
    micrograph.pixel_size_source = info.pixel_size_source;
    // A smaller difference is the rounding of two numbers in a file.
    if (std::abs(y - x) > 1e-3 * std::min(y, x) && !options.nm_per_pixel) {
      micrograph.pixel_aspect = y / x;
      micrograph.notes.push_back(
          "pixels are not square (" + number(y) + " nm high, " + number(x) +
          " nm wide): chips are laid in real proportions, and a length in pixels is that of "
          "squares of the same area (" +
          number(std::sqrt(y * x)) + " nm)");
    }
  }
  if (!options.nm_per_pixel) return;
  micrograph.nm_per_pixel = options.nm_per_pixel;
  micrograph.pixel_size_source = "given";
}

void note_choice(Micrograph& micrograph, const std::vector<DatasetInfo>& datasets,
                 const DatasetInfo& chosen, const LoadOptions& options) {
  const auto images =
      std::count_if(datasets.begin(), datasets.end(), [](const auto& info) { return info.image; });
  if (images > 1 && options.dataset.empty())
    micrograph.notes.push_back("the file holds " + std::to_string(images) + " images: \"" +
                               chosen.name + "\" was taken (--dataset takes another)");
  if (chosen.frames > 1 && options.frame == "0")
    micrograph.notes.push_back("the image is a stack of " + std::to_string(chosen.frames) +
                               " frames: frame 0 was taken (--frame takes another, or their mean)");
}

cv::Mat read_mask(const std::filesystem::path& path, const Micrograph& micrograph,
                  const LoadOptions& options) {
  const cv::Mat values = read_numbers(path, options.max_pixels);
  if (values.size() != micrograph.pixels.size())
    throw InputError("the mask " + path.string() + " is " + size_text(values.size()) +
                     " but the image is " + size_text(micrograph.pixels.size()) +
                     ": give a mask of the image's size");
  const cv::Mat mask = values != 0;
  if (cv::countNonZero(mask) == 0)
    throw InputError("the mask " + path.string() +
                     " hides the whole image: 0 hides a pixel, any other number shows it");
  return mask;
}

/// Hides rectangles of the image beside what its mask hides.
void hide(Micrograph& micrograph, const std::vector<cv::Rect>& parts) {
  if (parts.empty()) return;
  if (micrograph.mask.empty())
    micrograph.mask = cv::Mat(micrograph.pixels.size(), CV_8UC1, cv::Scalar(255));
  for (const cv::Rect& part : parts) {
    const cv::Rect seen = part & cv::Rect({}, micrograph.pixels.size());
    if (seen.empty())
      throw InputError(micrograph.path.string() + ": the part to hide at (" +
                       std::to_string(part.x) + ", " + std::to_string(part.y) +
                       ") does not lie inside the image of " + size_text(micrograph.pixels.size()));
    micrograph.mask(seen).setTo(0);
  }
  if (cv::countNonZero(micrograph.mask) == 0)
    throw InputError(micrograph.path.string() + ": the whole image is hidden");
}

void set_crop(Micrograph& micrograph, const cv::Rect& crop) {
  const cv::Rect all({}, micrograph.pixels.size());
  if (crop.width < 1 || crop.height < 1 || (crop & all) != crop)
    throw InputError(micrograph.path.string() + ": the crop " + std::to_string(crop.x) + "," +
                     std::to_string(crop.y) + "," + std::to_string(crop.width) + "," +
                     std::to_string(crop.height) + " does not lie inside the image of " +
                     size_text(all.size()));
  if (crop == all) return;
  micrograph.crop = crop;
  micrograph.notes.push_back("only the crop of " + size_text(crop.size()) + " at (" +
                             std::to_string(crop.x) + ", " + std::to_string(crop.y) +
                             ") is looked at");
}

// Computes a percentile with linear interpolation, as numpy does. Reorders `values`.
double percentile(std::vector<float>& values, double percent) {
  const double position = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), nth, values.end());
  const auto lower = static_cast<double>(*nth);
  const double fraction = position - static_cast<double>(below);
  if (fraction == 0 || below + 1 >= values.size()) return lower;
  return lower + fraction * (static_cast<double>(*std::min_element(nth + 1, values.end())) - lower);
}

}  // namespace

void LoadOptions::check() const {
  parse_frame(frame);
  if (nm_per_pixel && !(std::isfinite(*nm_per_pixel) && *nm_per_pixel > 0))
    throw UsageError("the pixel size must be above 0 nm, not " + number(*nm_per_pixel));
  if (max_pixels == 0) throw UsageError("the limit on an image's pixels must be above 0");
}

Micrograph load_micrograph(const std::filesystem::path& path, const LoadOptions& options) {
  options.check();
  const Format& format = recognise_format(path);
  const auto datasets = format.list(path, options.max_pixels);
  std::size_t index = 0;
  try {
    index = choose_dataset(datasets, options.dataset);
  } catch (const InputError& error) {
    throw InputError(path.string() + ": " + error.what());
  }
  RawImage raw = format.read({path, index, parse_frame(options.frame), options.max_pixels});
  refuse_non_finite(path.string(), raw.pixels);
  refuse_constant(path.string(), raw.pixels);

  Micrograph micrograph;
  micrograph.path = path;
  micrograph.sha256 = sha256_of_file(path);
  micrograph.pixels = raw.pixels;
  micrograph.input_size = raw.pixels.size();
  const DatasetInfo& chosen = datasets[index];
  if (datasets.size() > 1) micrograph.dataset = chosen.name;
  micrograph.notes = std::move(raw.notes);
  if (!options.nm_per_pixel)  // they tell why the size is not known
    micrograph.notes.insert(micrograph.notes.end(), chosen.notes.begin(), chosen.notes.end());
  note_choice(micrograph, datasets, chosen, options);
  set_pixel_size(micrograph, raw.info, options);
  micrograph.origin_nm = raw.info.origin_nm;
  if (!options.maps.files.empty())
    micrograph.maps = std::make_shared<const ElementMaps>(
        load_element_maps(options.maps, micrograph, options.max_pixels, micrograph.notes));
  if (!options.mask.empty()) micrograph.mask = read_mask(options.mask, micrograph, options);
  hide(micrograph, options.hidden);
  if (options.crop) set_crop(micrograph, *options.crop);
  note_scale_bar(micrograph, micrograph.notes);
  return micrograph;
}

Micrograph cropped(const Micrograph& micrograph) {
  if (!micrograph.crop) return micrograph;
  Micrograph part = micrograph;
  part.pixels = micrograph.pixels(*micrograph.crop).clone();
  if (!micrograph.mask.empty()) part.mask = micrograph.mask(*micrograph.crop).clone();
  if (micrograph.maps) {
    ElementMaps moved = *micrograph.maps;
    moved.field -= cv::Point2d(micrograph.crop->tl());
    part.maps = std::make_shared<const ElementMaps>(std::move(moved));
  }
  part.input_size = part.pixels.size();
  part.origin = micrograph.crop->tl();
  part.crop.reset();
  return part;
}

cv::Mat without_hidden(const Micrograph& micrograph) {
  if (micrograph.mask.empty()) return micrograph.pixels;
  cv::Mat pixels = micrograph.pixels.clone();
  pixels.setTo(cv::mean(pixels, micrograph.mask), micrograph.mask == 0);
  return pixels;
}

Micrograph standardise(const Micrograph& micrograph) {
  const cv::Mat& pixels = micrograph.pixels;
  std::vector<float> values;
  values.reserve(pixels.total());
  const auto is_seen = [&](int row, int col) {
    return micrograph.mask.empty() || micrograph.mask.at<std::uint8_t>(row, col) != 0;
  };
  for (int row = 0; row < pixels.rows; ++row)
    for (int col = 0; col < pixels.cols; ++col)
      if (is_seen(row, col)) values.push_back(pixels.at<float>(row, col));
  const auto seen = static_cast<double>(values.size());
  const double low = percentile(values, 0.1), high = percentile(values, 99.9);
  if (!(low < high))
    throw InputError(micrograph.path.string() +
                     ": is nearly constant: between the 0.1 and 99.9 percentiles every pixel is " +
                     number(low) + ", so there is nothing to segment");
  std::vector<float>().swap(values);

  // Two passes in double: a mean far above the spread (counts on an offset) must not eat the digits
  // of the deviation.
  const auto clipped = [&](float value) {
    return std::clamp(static_cast<double>(value), low, high);
  };
  const auto sum = [&](auto&& of) {
    double total = 0;
    for (int row = 0; row < pixels.rows; ++row) {
      const float* from = pixels.ptr<float>(row);
      for (int col = 0; col < pixels.cols; ++col)
        if (is_seen(row, col)) total += of(clipped(from[col]));
    }
    return total / seen;
  };
  const double mean = sum([](double value) { return value; });
  const double deviation =
      std::sqrt(sum([&](double value) { return (value - mean) * (value - mean); }));

  Micrograph result = micrograph;
  result.pixels = cv::Mat(pixels.size(), CV_32FC1);
  for (int row = 0; row < pixels.rows; ++row) {
    const float* from = pixels.ptr<float>(row);
    float* to = result.pixels.ptr<float>(row);
    for (int col = 0; col < pixels.cols; ++col)
      to[col] = is_seen(row, col) ? static_cast<float>((clipped(from[col]) - mean) / deviation) : 0;
  }
  return result;
}

std::optional<PixelSize> pixel_size(std::optional<double> nm_per_pixel, double pixel_aspect) {
  if (!nm_per_pixel) return {};
  const double root = std::sqrt(pixel_aspect);
  return PixelSize{*nm_per_pixel * root, *nm_per_pixel / root};
}

cv::Point2d to_square_pixels(double pixel_aspect) {
  const double root = std::sqrt(pixel_aspect);
  return {1 / root, root};
}

Micrograph with_square_pixels(const Micrograph& micrograph) {
  return micrograph.pixel_aspect == 1 ? micrograph : to_canonical_scale(micrograph, 1, 1);
}

Micrograph to_canonical_scale(const Micrograph& micrograph, double chip_px, int encoder_px) {
  const double factor = encoder_px / chip_px;
  if (micrograph.pixel_aspect == 1 && std::abs(factor - 1) < 1e-3) return micrograph;
  const cv::Point2d factors = factor * to_square_pixels(micrograph.pixel_aspect);
  Micrograph result = micrograph;
  result.pixels = cv::Mat();
  // Factors are given and not a size, so that positions scale by exactly this factor whatever the
  // rounding.
  const auto how = [](double along) { return along < 1 ? cv::INTER_AREA : cv::INTER_CUBIC; };
  if (factors.x == factors.y) {
    cv::resize(micrograph.pixels, result.pixels, cv::Size(), factor, factor, how(factor));
  } else {  // one way after the other: OpenCV averages over areas only where both ways shrink
    cv::resize(micrograph.pixels, result.pixels, cv::Size(), factors.x, 1, how(factors.x));
    cv::resize(result.pixels, result.pixels, cv::Size(), 1, factors.y, how(factors.y));
  }
  result.scale *= factor;
  result.pixel_aspect = 1;
  if (result.nm_per_pixel) result.nm_per_pixel = *result.nm_per_pixel / factor;
  return result;
}

}  // namespace metamict
