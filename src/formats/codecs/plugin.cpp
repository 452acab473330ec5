// SPDX-License-Identifier: GPL-3.0-or-later
// The plug-in behind codecs.hpp: the only file that links OpenCV's codecs.
#include <opencv2/imgcodecs.hpp>
#include <span>

// C linkage for the loader's sake; both sides are built together, so C++ types may cross.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wreturn-type-c-linkage"
extern "C" cv::Mat metamict_decode_image(std::span<const unsigned char> file) {
  try {
    const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8UC1, const_cast<unsigned char*>(file.data()));
    return cv::imdecode(bytes, cv::IMREAD_UNCHANGED | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception&) {
    return {};  // OpenCV throws for some damaged files and returns an empty image for others
  }
}
#pragma GCC diagnostic pop
