// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/codecs/codecs.hpp"

#include "base/system/beside_library.hpp"

namespace metamict {

cv::Mat decode_image(std::span<const unsigned char> file) {
  using Decode = cv::Mat (*)(std::span<const unsigned char>);
  static const auto decode = reinterpret_cast<Decode>(plugin_symbol("metamict_codecs", "metamict_decode_image"));
  return decode(file);
}

}  // namespace metamict
