// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/codecs/codecs.hpp"

#include "base/system/beside_library.hpp"
#include "metamict/errors.hpp"

namespace metamict {

cv::Mat decode_image(std::span<const unsigned char> file) {
  using Decode = cv::Mat (*)(std::span<const unsigned char>);
  static const auto decode = reinterpret_cast<Decode>(plugin_symbol("metamict_codecs", "metamict_decode_image"));
  return decode(file);
}

std::vector<unsigned char> encode_png(const cv::Mat& image) {
  using Encode = bool (*)(const cv::Mat&, std::vector<unsigned char>&);
  static const auto encode = reinterpret_cast<Encode>(plugin_symbol("metamict_codecs", "metamict_encode_png"));
  std::vector<unsigned char> bytes;
  if (!encode(image, bytes))
    throw OutputError("the PNG encoder refused an image of " + std::to_string(image.cols) + " x " +
                      std::to_string(image.rows) + " px");
  return bytes;
}

}  // namespace metamict
