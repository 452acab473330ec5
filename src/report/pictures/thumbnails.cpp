// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/thumbnails.hpp"

#include <opencv2/imgproc.hpp>

#include "report/pictures/colours.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/png.hpp"

namespace metamict {

Thumbnails draw_thumbnails(const Micrograph& micrograph, const RegionMap& map) {
  constexpr int longest = 160;
  constexpr double share_of_colour = 0.6;
  const cv::Size size = picture_size(micrograph.pixels.size(), 1, longest);
  const cv::Mat grey = grey_picture(micrograph.pixels, size);
  cv::Mat labels, coloured(size, CV_8UC4);
  cv::resize(map.labels, labels, size, 0, 0, cv::INTER_NEAREST);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const int label = labels.at<std::uint16_t>(y, x);
      const Colour colour = label == 0 ? Colour{255, 255, 255} : region_colour(label);
      const auto mixed = [&](std::uint8_t part) {
        return cv::saturate_cast<std::uint8_t>((1 - share_of_colour) * grey.at<std::uint8_t>(y, x) +
                                               share_of_colour * part);
      };
      coloured.at<cv::Vec4b>(y, x) = {mixed(colour.b), mixed(colour.g), mixed(colour.r), 255};
    }
  return {encode_picture(grey), encode_picture(coloured)};
}

}  // namespace metamict
