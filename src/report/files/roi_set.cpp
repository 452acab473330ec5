// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/roi_set.hpp"

#include <libdeflate.h>

#include <bit>
#include <opencv2/imgproc.hpp>

#include "report/files/byte_order.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/outlines.hpp"

namespace metamict {

namespace {

std::string float_bytes(int value) {
  return big_endian(std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
}

/// A path as floats: "move to" (0) or "line to" (1) with each corner, "close" (4) after the last.
std::string path_of(const Ring& ring) {
  std::string path;
  int command = 0;
  for (const cv::Point corner : ring.corners) {
    path += float_bytes(command) + float_bytes(corner.x) + float_bytes(corner.y);
    command = 1;
  }
  return path + float_bytes(4);
}

/// The rectangle that the corners span.
cv::Rect box_of(const Ring& ring) {
  const cv::Rect pixels = cv::boundingRect(ring.corners);  // one more each way
  return {pixels.x, pixels.y, pixels.width - 1, pixels.height - 1};
}

/// ImageJ's composite selection.
std::string roi(const std::vector<const Ring*>& rings, Colour colour) {
  std::string path;
  cv::Rect box;
  for (const Ring* ring : rings) {
    path += path_of(*ring);
    box = box.empty() ? box_of(*ring) : box | box_of(*ring);
  }
  std::string bytes("Iout");
  bytes += big_endian(218, 2);    // the version that has colours
  bytes += big_endian(0x100, 2);  // type: rectangle, as composites have
  for (const int side : {box.y, box.x, box.br().y, box.br().x})
    bytes += big_endian(static_cast<std::uint64_t>(side), 2);
  bytes.append(20, '\0');  // corners as short numbers, a line's ends, stroke width: none
  bytes += big_endian(path.size() / 4, 4);
  bytes += '\xFF';
  for (const std::uint8_t part : {colour.r, colour.g, colour.b}) bytes += static_cast<char>(part);
  bytes.resize(64, '\0');
  return bytes + path;
}

/// What a ZIP file says of an entry before its bytes and in its directory.
std::string entry_header(const std::string& name, const std::string& bytes) {
  std::string header;
  header += little_endian(10, 2);      // version 1.0: stored
  header += little_endian(0, 4);       // no flags, stored
  header += little_endian(0, 2);       // midnight
  header += little_endian(0x0021, 2);  // 1 January 1980: the same map gives the same bytes
  header += little_endian(libdeflate_crc32(0, bytes.data(), bytes.size()), 4);
  header += little_endian(bytes.size(), 4);
  header += little_endian(bytes.size(), 4);
  header += little_endian(name.size(), 2);
  header += little_endian(0, 2);
  return header;
}

/// A ZIP file of stored entries.
class ZipFile {
 public:
  void add(const std::string& name, const std::string& bytes) {
    const std::string header = entry_header(name, bytes);
    directory_ += "PK\x01\x02" + little_endian(20, 2) + header;
    directory_.append(10, '\0');  // no comment, first disk, no attributes
    directory_ += little_endian(entries_.size(), 4) + name;
    entries_ += "PK\x03\x04" + header + name + bytes;
    ++count_;
  }

  std::string bytes() const {
    const std::string counts = little_endian(count_, 2) + little_endian(count_, 2);
    return entries_ + directory_ + "PK\x05\x06" + little_endian(0, 4) + counts +
           little_endian(directory_.size(), 4) + little_endian(entries_.size(), 4) +
           little_endian(0, 2);
  }

 private:
  std::string entries_, directory_;
  std::size_t count_ = 0;
};

}  // namespace

std::string roi_set(const cv::Mat& labels, const std::vector<SeriesLabel>& names) {
  const std::vector<Ring> rings = trace_outlines(labels);
  ZipFile file;
  for (const SeriesLabel& label : names) {
    const std::vector<const Ring*> own = rings_of(rings, label.label);
    if (own.empty()) continue;
    const std::string name = std::to_string(label.label) + " " + label.name + ".roi";
    file.add(name, roi(own, region_colour(label.label)));
  }
  return file.bytes();
}

}  // namespace metamict
