// SPDX-License-Identifier: GPL-3.0-or-later
// MRC (MRC2014 and its elders): sections are frames.
#include <array>
#include <cmath>
#include <limits>

#include "formats/bytes/pixel_size.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr std::uint64_t header_bytes = 1024;

struct Header {
  std::endian order = std::endian::little;
  std::int32_t cols = 0, rows = 0, sections = 0, mode = -1, extended = 0;
};

Header header_in(Head head, std::endian order) {
  const auto word = [&](std::size_t i) {
    return InputFile::number<std::int32_t>(head.data() + 4 * i, order);
  };
  return {order, word(0), word(1), word(2), word(3), word(23)};
}

bool known_mode(std::int32_t mode) {
  return (mode >= 0 && mode <= 4) || mode == 6 || mode == 12 || mode == 16 || mode == 101;
}

bool plausible(const Header& header) {
  return header.cols > 0 && header.rows > 0 && header.sections > 0 && known_mode(header.mode) &&
         header.extended >= 0;
}

// The machine stamp says the byte order; where it lies, the numbers that make sense decide.
std::optional<Header> find_header(Head head) {
  if (head.size() < header_bytes) return std::nullopt;
  const auto first = head[212] == 0x11 ? std::endian::big : std::endian::little;
  const auto second = first == std::endian::big ? std::endian::little : std::endian::big;
  for (const auto order : {first, second})
    if (const Header header = header_in(head, order); plausible(header)) return header;
  return std::nullopt;
}

bool has_stamp(Head head) {
  return head.size() >= header_bytes && head[208] == 'M' && head[209] == 'A' && head[210] == 'P';
}

struct Volume {
  DatasetInfo info;
  Sample sample = Sample::u8;
  std::endian order = std::endian::little;
  std::uint64_t offset = 0;
  bool sign_is_said = true;  ///< false for bytes that nothing says to be signed or not
};

// The standard's bytes are signed, but many writers keep unsigned ones. The header's minimum and
// maximum tell; else a stamp of IMOD's, whose elder files hold unsigned ones and say so.
void set_byte_sign(Volume& volume, const InputFile& file) {
  const auto least = file.get<float>(76, volume.order, "the header"),
             most = file.get<float>(80, volume.order, "the header");
  const bool imod = file.get<std::int32_t>(152, volume.order, "the header") == 1146047817;
  const bool said_unsigned =
      imod && (file.get<std::int32_t>(156, volume.order, "the header") & 1) == 0;
  const bool ranged =
      least < most;  // writers that do not know them leave zeros or a maximum below the minimum
  if (ranged && least >= 0 && most > 127 && most <= 255)
    volume.sample = Sample::u8;
  else if (ranged && least < 0 && least >= -128 && most <= 127)
    volume.sample = Sample::i8;
  else
    volume.sample = said_unsigned ? Sample::u8 : Sample::i8;
  volume.sign_is_said = imod || (ranged && (least < 0 || most > 127));
}

void set_type(Volume& volume, const InputFile& file, std::int32_t mode) {
  const auto refuse = [&](const char* type, const char* reason) {
    volume.info.dtype = type;
    volume.info.image = false;
    volume.info.reason = reason;
  };
  switch (mode) {
    case 0:
      set_byte_sign(volume, file);
      break;
    case 1:
      volume.sample = Sample::i16;
      break;
    case 2:
      volume.sample = Sample::f32;
      break;
    case 3:
      return refuse("complex32", "complex numbers");
    case 4:
      return refuse("complex64", "complex numbers");
    case 6:
      volume.sample = Sample::u16;
      break;
    case 12:
      volume.sample = Sample::f16;
      break;
    case 16:
      return refuse("rgb8", "colour");
    default:
      return refuse("uint4", "pixels of 4 bits are not supported");
  }
  volume.info.dtype = name_of(volume.sample);
}

// FEI's extended header has the pixel in metres; else the cell in angstrom over the number of
// samples in it. Zeros: not known.
StatedSize pixel_size(const InputFile& file, const Header& header) {
  const Unit metre = metres(), angstrom = parse_unit("A");
  const std::string kind = file.text(104, 4, 4, "the header");
  if ((kind == "FEI1" || kind == "FEI2") && header.extended >= 172) {
    const auto x = file.get<double>(header_bytes + 156, header.order, "the extended header"),
               y = file.get<double>(header_bytes + 164, header.order, "the extended header");
    if (auto size = pixel_size_from({y, x}, {metre, metre}, "FEI extended header");
        size.nm_per_pixel)
      return size;
  }
  const auto cell = [&](std::uint64_t i) {
    return static_cast<double>(file.get<float>(40 + 4 * i, header.order, "the header"));
  };
  const auto samples = [&](std::uint64_t i) {
    return static_cast<double>(file.get<std::int32_t>(28 + 4 * i, header.order, "the header"));
  };
  if (!(samples(0) > 0) || !(samples(1) > 0)) return {};
  return pixel_size_from({cell(1) / samples(1), cell(0) / samples(0)}, {angstrom, angstrom},
                         "MRC cell");
}

Volume parse(const InputFile& file) {
  file.require(0, header_bytes, "the header");
  std::array<unsigned char, header_bytes> bytes{};
  file.read(0, bytes.data(), bytes.size(), "the header");
  const auto header = find_header(bytes);
  if (!header) throw InputError("damaged: its header makes sense in neither byte order");
  Volume volume;
  volume.order = header->order;
  volume.offset = header_bytes + static_cast<std::uint64_t>(header->extended);
  volume.info.name = "image";
  volume.info.rows = header->rows;
  volume.info.cols = header->cols;
  volume.info.frames = header->sections;
  set_type(volume, file, header->mode);
  if (volume.info.image && (header->rows == 1 || header->cols == 1)) {
    volume.info.image = false;
    volume.info.reason = "a profile";
  }
  file.require(header_bytes, static_cast<std::uint64_t>(header->extended), "the extended header");
  set_pixel_size(volume.info, pixel_size(file, *header));
  if (!volume.info.image) return volume;
  const std::uint64_t frame = bytes_of(header->rows, header->cols, volume.sample);
  if (frame > (file.size() - volume.offset) / static_cast<std::uint64_t>(header->sections))
    throw InputError("truncated or damaged: " + std::to_string(header->sections) + " sections of " +
                     std::to_string(header->rows) + " x " + std::to_string(header->cols) +
                     " px do not fit in its " + std::to_string(file.size()) + " bytes");
  return volume;
}

}  // namespace

bool is_mrc(Head head, const Path& path) {
  if (has_stamp(head)) return true;
  const std::string extension = path.extension().string();
  const bool named = extension == ".mrc" || extension == ".map" || extension == ".mrcs" ||
                     extension == ".st" || extension == ".rec" || extension == ".ccp4";
  return named && (head.size() < header_bytes || find_header(head).has_value());
}

std::vector<DatasetInfo> list_mrc(const Path& path, std::uint64_t) {
  return {parse(InputFile(path)).info};
}

RawImage read_mrc(const ReadRequest& request) {
  const InputFile file(request.path);
  const Volume volume = parse(file);
  const DatasetInfo& info = volume.info;
  require_dataset(request.dataset, 1);
  require_image(info);
  check_size(info.rows, info.cols, request.max_pixels);
  const std::uint64_t frame_bytes = bytes_of(info.rows, info.cols, volume.sample);
  RawImage raw{info, {}, {}};
  raw.pixels = read_frames(info, request.frame, [&](int frame) {
    return read_raster(file, {volume.offset + frame_bytes * static_cast<std::uint64_t>(frame),
                              info.rows, info.cols, volume.sample, volume.order, request.labels});
  });
  double least = 0;
  cv::minMaxLoc(raw.pixels, &least, nullptr);
  if (!volume.sign_is_said && least < 0)
    raw.notes.emplace_back(
        "its bytes were taken as signed (-128 to 127), as the MRC standard has them: its header "
        "does not tell");
  return raw;
}

}  // namespace metamict
