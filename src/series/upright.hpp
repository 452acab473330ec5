// SPDX-License-Identifier: GPL-3.0-or-later
// Turns an image so that the film's surface is up. Rows are then depth, and columns run along the
// film.
#pragma once

#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace metamict {

class Upright {
 public:
  Upright(cv::Size image, double growth_deg)
      : image_(image),
        down_(-std::cos(growth_deg * std::numbers::pi / 180),
              std::sin(growth_deg * std::numbers::pi / 180)),
        along_(down_.y, -down_.x) {
    double left = 1e300, top = 1e300, right = -1e300, bottom = -1e300;
    for (const cv::Point2d corner :
         {cv::Point2d(0, 0), cv::Point2d(image.width - 1, 0), cv::Point2d(0, image.height - 1),
          cv::Point2d(image.width - 1, image.height - 1)}) {
      left = std::min(left, corner.dot(along_));
      right = std::max(right, corner.dot(along_));
      top = std::min(top, corner.dot(down_));
      bottom = std::max(bottom, corner.dot(down_));
    }
    origin_ = along_ * left + down_ * top;
    size_ = {static_cast<int>(std::floor(right - left + 1e-6)) + 1,
             static_cast<int>(std::floor(bottom - top + 1e-6)) + 1};
  }

  cv::Size size() const { return size_; }
  cv::Point2d along() const { return along_; }
  cv::Point2d down() const { return down_; }
  cv::Point2d to_image(cv::Point2d upright) const {
    return origin_ + along_ * upright.x + down_ * upright.y;
  }

  /// Turns the image upright. There are zeros outside the image.
  cv::Mat turn(const cv::Mat& image, int interpolation) const {
    const cv::Matx23d matrix(along_.x, down_.x, origin_.x, along_.y, down_.y, origin_.y);
    cv::Mat turned;
    cv::warpAffine(image, turned, matrix, size_, interpolation | cv::WARP_INVERSE_MAP,
                   cv::BORDER_CONSTANT, 0);
    return turned;
  }
  /// Turns a picture back. It takes nearest pixels, so that labels stay labels.
  cv::Mat turn_back(const cv::Mat& turned) const {
    const double x = along_.dot(origin_), y = down_.dot(origin_);
    const cv::Matx23d matrix(along_.x, along_.y, -x, down_.x, down_.y, -y);
    cv::Mat image;
    cv::warpAffine(turned, image, matrix, image_, cv::INTER_NEAREST | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REPLICATE);
    return image;
  }

 private:
  cv::Size image_, size_;
  cv::Point2d down_, along_, origin_;
};

}  // namespace metamict
