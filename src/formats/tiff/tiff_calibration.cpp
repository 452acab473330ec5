// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/tiff/tiff_calibration.hpp"

#include <cmath>
#include <optional>

#include "formats/bytes/input_file.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr Unit metre{UnitKind::length, 1e9};
constexpr Unit nanometre{UnitKind::length, 1};
using Found = std::optional<PixelSize>;

std::string ascii(const TiffFile& tiff, std::uint32_t tag) {
  const auto bytes = tiff.bytes(tag);
  return trimmed({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// The value of `key` in a section of "[section]\nkey=value" text.
std::optional<double> ini_number(std::string_view text, std::string_view section, std::string_view key) {
  bool inside = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with('[')) {
      inside = line == "[" + std::string(section) + "]";
    } else if (inside && line.starts_with(std::string(key) + "=")) {
      return parse_number(std::string_view(line).substr(key.size() + 1));
    }
  }
  return std::nullopt;
}

// The text of the first <tag> at or after `from` in XML that a machine wrote.
std::string xml_text(std::string_view xml, std::string_view tag, std::size_t from = 0) {
  const std::string open = "<" + std::string(tag) + ">";
  const auto begin = xml.find(open, from);
  if (begin == std::string_view::npos) return {};
  const auto end = xml.find('<', begin + open.size());
  return end == std::string_view::npos ? std::string()
                                       : trimmed(xml.substr(begin + open.size(), end - begin - open.size()));
}

std::string xml_attribute(std::string_view element, std::string_view name) {
  const std::string start = " " + std::string(name) + "=\"";
  const auto begin = element.find(start);
  if (begin == std::string_view::npos) return {};
  const auto end = element.find('"', begin + start.size());
  return end == std::string_view::npos ? std::string()
                                       : std::string(element.substr(begin + start.size(), end - begin - start.size()));
}

// Thermo Fisher / FEI: an INI text; the scan's pixel, or the width of the field of view of the navigation camera.
Found fei(const TiffFile& tiff) {
  for (const std::uint32_t tag : {34682U, 34680U}) {
    const std::string text = ascii(tiff, tag);
    if (text.empty()) continue;
    const auto width = ini_number(text, "Scan", "PixelWidth"), height = ini_number(text, "Scan", "PixelHeight");
    if (width && height) return pixel_size_from({*height, *width}, {metre, metre}, "FEI tags");
    const auto field_width = ini_number(text, "IRBeam", "HFW"), field_height = ini_number(text, "IRBeam", "VFW");
    const auto cols = ini_number(text, "Image", "ResolutionX"), rows = ini_number(text, "Image", "ResolutionY");
    if (field_width && field_height && cols && rows)
      return pixel_size_from({*field_height / *rows, *field_width / *cols}, {metre, metre}, "FEI tags");
    return PixelSize{};
  }
  return std::nullopt;
}

// Zeiss SEM: the fourth line is the pixel in metres of a display 1024 px wide.
Found zeiss(const TiffFile& tiff, const TiffPage& page) {
  std::string text = ascii(tiff, 34118);
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  for (int line = 0; line < 3; ++line) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return PixelSize{};
    rest.remove_prefix(end + 1);
  }
  const auto scale = parse_number(rest.substr(0, rest.find('\n')));
  if (!scale) return PixelSize{};
  const double metres = *scale * 1024 / page.info.cols;
  return pixel_size_from({metres, metres}, {metre, metre}, "Zeiss tags");
}

// TVIPS EM-MENU, header version 2: floats in nm at a fixed place behind the 244 bytes of version 1.
Found tvips(const TiffFile& tiff, const std::filesystem::path& path) {
  if (tiff.bytes(37706).empty()) return std::nullopt;
  std::vector<unsigned char> header = tiff.bytes(37708);
  constexpr std::size_t pixel_size_at = 244 + 160 + 160 + 7 * 4 + 1024 + 1024 + 16 * 4 + 16 * 16 + 2 * 4;
  if (header.size() < pixel_size_at + 8) {
    const auto offset = tiff.numbers(37706);
    if (offset.empty()) return PixelSize{};
    header.resize(pixel_size_at + 8);
    InputFile(path).read(static_cast<std::uint64_t>(offset[0]), header.data(), header.size(), "the TVIPS header");
  }
  const auto order = TIFFIsBigEndian(tiff.get()) != 0 ? std::endian::big : std::endian::little;
  if (InputFile::number<std::int32_t>(header.data(), order) != 2) return PixelSize{};
  const double x = static_cast<double>(InputFile::number<float>(header.data() + pixel_size_at, order));
  const double y = static_cast<double>(InputFile::number<float>(header.data() + pixel_size_at + 4, order));
  return pixel_size_from({y, x}, {nanometre, nanometre}, "TVIPS tags");
}

// Olympus Soft Imaging: a block "SIS0" with a list of records; record 1 begins with a power of ten and two factors in
// metres.
Found olympus(const TiffFile& tiff, const std::filesystem::path& path) {
  const auto where = tiff.numbers(33560);
  if (where.empty()) return std::nullopt;
  const InputFile file(path);
  const auto start = static_cast<std::uint64_t>(where[0]);
  if (file.text(start, 4, 4, "the Olympus block") != "SIS0") return PixelSize{};
  const auto records = file.get<std::uint16_t>(start + 58, std::endian::little, "the Olympus block");
  for (std::uint64_t i = 0; i < records; ++i) {
    const std::uint64_t record = start + 60 + 8 * i;
    if (file.get<std::uint16_t>(record, std::endian::little, "the Olympus block") != 1) continue;
    const std::uint64_t at = file.get<std::uint32_t>(record + 4, std::endian::little, "the Olympus block");
    const double unit = std::pow(10.0, file.get<std::int16_t>(at + 10, std::endian::little, "the Olympus block"));
    const auto x = file.get<double>(at + 12, std::endian::little, "the Olympus block"),
               y = file.get<double>(at + 20, std::endian::little, "the Olympus block");
    return pixel_size_from({y * unit, x * unit}, {metre, metre}, "Olympus tags");
  }
  return PixelSize{};
}

std::optional<std::array<double, 2>> metres_per_dot(const TiffFile& tiff) {
  float x = 0, y = 0;
  if (TIFFGetField(tiff.get(), TIFFTAG_XRESOLUTION, &x) != 1 ||
      TIFFGetField(tiff.get(), TIFFTAG_YRESOLUTION, &y) != 1 || !(x > 0) || !(y > 0))
    return std::nullopt;
  const double unit =
      tiff.value<std::uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH) == RESUNIT_CENTIMETER ? 0.01 : 0.0254;
  return std::array{unit / static_cast<double>(y), unit / static_cast<double>(x)};
}

// JEOL SightX: XML in the description; the dots of the camera over the magnification. In DIFF mode the scale is
// reciprocal.
Found jeol(const TiffFile& tiff, const TiffPage& page) {
  if (tiff.text(TIFFTAG_MAKE) != "JEOL Ltd." || page.description.find("<TemReporter") == std::string::npos)
    return std::nullopt;
  const std::string_view xml = page.description;
  const auto imaging = xml.find("<ImageFormingSystem>");
  if (xml_text(xml, "EosMode") != "eosTEM" || imaging == std::string_view::npos) return PixelSize{};
  const std::string mode = xml_text(xml, "ModeString", imaging);
  PixelSize size;
  size.reciprocal = mode == "DIFF";
  const auto magnification = parse_number(xml_text(xml, "SelectorValue", imaging));
  const auto dot = metres_per_dot(tiff);
  if (mode != "MAG" || !magnification || !(*magnification > 0) || !dot) return size;
  return pixel_size_from({(*dot)[0] / *magnification, (*dot)[1] / *magnification}, {metre, metre}, "JEOL tags");
}

// Gatan DigitalMicrograph: units and scales of x and y in private tags.
Found gatan(const TiffFile& tiff) {
  const auto x = tiff.numbers(65009), y = tiff.numbers(65010);
  if (x.empty() || y.empty()) return std::nullopt;
  return pixel_size_from({y[0], x[0]}, {parse_unit(ascii(tiff, 65004)), parse_unit(ascii(tiff, 65003))}, "Gatan tags");
}

// ImageJ: "unit=" in the description, pixels per unit in the resolution tags. Inches and centimetres are a printer's.
Found imagej(const TiffFile& tiff, const TiffPage& page) {
  if (!page.description.starts_with("ImageJ=")) return std::nullopt;
  const auto line = [&](const std::string& key) {
    const auto at = page.description.find("\n" + key + "=");
    if (at == std::string::npos) return std::string();
    const auto begin = at + key.size() + 2;
    return trimmed(std::string_view(page.description).substr(begin, page.description.find('\n', begin) - begin));
  };
  const std::string unit_x = line("unit"), unit_y = line("yunit");
  if (unit_x.empty() || unit_x == "cm" || unit_x == "inch") return PixelSize{};
  float x = 0, y = 0;
  if (TIFFGetField(tiff.get(), TIFFTAG_XRESOLUTION, &x) != 1 || TIFFGetField(tiff.get(), TIFFTAG_YRESOLUTION, &y) != 1)
    return PixelSize{};
  const Unit unit = parse_unit(unit_x);
  return pixel_size_from({1 / static_cast<double>(y), 1 / static_cast<double>(x)},
                         {unit_y.empty() ? unit : parse_unit(unit_y), unit}, "ImageJ tags");
}

// OME-TIFF: attributes of the first <Pixels>; micrometres unless it says otherwise.
Found ome(const TiffPage& page) {
  const auto at = page.description.find("<Pixels ");
  if (at == std::string::npos || page.description.find("<OME") == std::string::npos) return std::nullopt;
  const std::string element = page.description.substr(at, page.description.find('>', at) - at);
  const auto x = parse_number(xml_attribute(element, "PhysicalSizeX")),
             y = parse_number(xml_attribute(element, "PhysicalSizeY"));
  if (!x || !y) return PixelSize{};
  const auto unit = [&](const char* name) {
    const std::string text = xml_attribute(element, name);
    return text.empty() ? parse_unit("um") : parse_unit(text);
  };
  return pixel_size_from({*y, *x}, {unit("PhysicalSizeYUnit"), unit("PhysicalSizeXUnit")}, "OME metadata");
}

}  // namespace

PixelSize tiff_pixel_size(const TiffFile& tiff, const std::filesystem::path& path, const TiffPage& page) {
  for (const Found& found : {fei(tiff), zeiss(tiff, page), tvips(tiff, path), olympus(tiff, path), jeol(tiff, page),
                             gatan(tiff), imagej(tiff, page), ome(page)})
    if (found && (found->nm_per_pixel || found->reciprocal)) return *found;
  return {};
}

}  // namespace metamict
