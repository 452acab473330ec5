// SPDX-License-Identifier: GPL-3.0-or-later
#include <libdeflate.h>

#include <bit>
#include <opencv2/imgproc.hpp>

#include "report/pictures/colours.hpp"
#include "report/pictures/outlines.hpp"
#include "report/series_outputs.hpp"

namespace metamict {

namespace {

void append_big(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void append_little(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xFF);
}

void append_float(std::string& out, int value) {
  append_big(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
}

/// ImageJ's composite selection: a path of "move to" (0), "line to" (1) and "close" (4), each a float with its corner.
std::string roi(const std::vector<const Ring*>& rings, Colour colour) {
  std::string path;
  cv::Rect box;
  for (const Ring* ring : rings) {
    int command = 0;
    for (const cv::Point corner : ring->corners) {
      append_float(path, command);
      append_float(path, corner.x);
      append_float(path, corner.y);
      command = 1;
    }
    append_float(path, 4);
    cv::Rect around = cv::boundingRect(ring->corners);  // of pixels, one more than the corners span
    --around.width, --around.height;
    box = box.empty() ? around : box | around;
  }
  std::string bytes("Iout");
  append_big(bytes, 218, 2);    // the version that has colours
  append_big(bytes, 0x100, 2);  // type: rectangle, as composites have
  for (const int side : {box.y, box.x, box.br().y, box.br().x}) append_big(bytes, static_cast<std::uint64_t>(side), 2);
  bytes.append(20, '\0');  // corners as short numbers, a line's ends, stroke width: none
  append_big(bytes, path.size() / 4, 4);
  bytes += '\xFF';
  for (const std::uint8_t part : {colour.r, colour.g, colour.b}) bytes += static_cast<char>(part);
  bytes.resize(64, '\0');
  return bytes + path;
}

/// What a ZIP file says of an entry before its bytes and in its directory.
std::string entry_header(const std::string& name, const std::string& bytes) {
  std::string header;
  append_little(header, 10, 2);      // version 1.0: stored
  append_little(header, 0, 4);       // no flags, stored
  append_little(header, 0, 2);       // midnight
  append_little(header, 0x0021, 2);  // 1 January 1980: the same map gives the same bytes
  append_little(header, libdeflate_crc32(0, bytes.data(), bytes.size()), 4);
  append_little(header, bytes.size(), 4);
  append_little(header, bytes.size(), 4);
  append_little(header, name.size(), 2);
  append_little(header, 0, 2);
  return header;
}

}  // namespace

std::string roi_set(const cv::Mat& labels, const std::vector<SeriesLabel>& names) {
  const std::vector<Ring> rings = trace_outlines(labels);
  std::string file, directory;
  std::size_t entries = 0;
  for (const SeriesLabel& label : names) {
    std::vector<const Ring*> own;
    for (const Ring& ring : rings)
      if (ring.label == label.label) own.push_back(&ring);
    if (own.empty()) continue;
    const std::string bytes = roi(own, region_colour(label.label));
    const std::string name = std::to_string(label.label) + " " + label.name + ".roi";
    const std::string header = entry_header(name, bytes);
    const std::size_t at = file.size();
    file += "PK\x03\x04" + header + name + bytes;
    directory += "PK\x01\x02";
    append_little(directory, 20, 2);
    directory += header;
    directory.append(10, '\0');  // no comment, first disk, no attributes
    append_little(directory, at, 4);
    directory += name;
    ++entries;
  }
  std::string end("PK\x05\x06");
  append_little(end, 0, 4);
  append_little(end, entries, 2);
  append_little(end, entries, 2);
  append_little(end, directory.size(), 4);
  append_little(end, file.size(), 4);
  append_little(end, 0, 2);
  return file + directory + end;
}

}  // namespace metamict
