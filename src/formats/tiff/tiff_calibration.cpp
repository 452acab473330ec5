// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/tiff/tiff_calibration.hpp"

#include <cmath>
#include <optional>

#include "formats/bytes/encoding.hpp"
#include "formats/bytes/input_file.hpp"
#include "formats/bytes/xml.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using Found = std::optional<StatedSize>;

std::string ascii(const TiffFile& tiff, std::uint32_t tag) {
  const auto bytes = tiff.bytes(tag);
  return trimmed({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// The value of `key` in a section of "[section]\nkey=value" text.
std::optional<double> ini_number(std::string_view text, std::string_view section,
                                 std::string_view key) {
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

// A number with its unit, which stands at it or at the element around it; FEI means metres where
// none does.
struct Length {
  std::optional<double> value;
  Unit unit;
};

Length length_in(const std::optional<XmlElement>& element, const std::string& outer_unit) {
  if (!element) return {};
  std::string unit = xml_attribute(*element, "unit");
  if (unit.empty()) unit = outer_unit;
  return {parse_number(xml_text(element)), unit.empty() ? metres() : parse_unit(unit)};
}

Found from_lengths(const Length& x, const Length& y) {
  if (!x.value) return std::nullopt;
  const Length& other = y.value ? y : x;
  return pixel_size_from({*other.value, *x.value}, {other.unit, x.unit}, "FEI tags");
}

// FEI's XML: <PixelSize><X unit="m"> of the Titan and the newer SEMs, <pixelWidth unit="nm"> of the
// Phenom.
Found fei_xml(std::string_view xml) {
  if (const auto size = xml_element(xml, "PixelSize")) {
    const std::string unit = xml_attribute(*size, "unit");
    for (const auto& [x, y] : {std::pair{"X", "Y"}, std::pair{"width", "height"}})
      if (const Found found = from_lengths(length_in(xml_element(size->content, x), unit),
                                           length_in(xml_element(size->content, y), unit)))
        return found;
    if (const Found found = from_lengths(length_in(size, {}), {})) return found;
  }
  return from_lengths(length_in(xml_element(xml, "pixelWidth"), {}),
                      length_in(xml_element(xml, "pixelHeight"), {}));
}

// FEI's INI text: the scan's pixel, or the width of the field of view of the navigation camera.
Found fei_ini(std::string_view text) {
  const auto width = ini_number(text, "Scan", "PixelWidth"),
             height = ini_number(text, "Scan", "PixelHeight");
  if (width && height) return pixel_size_from({*height, *width}, {metres(), metres()}, "FEI tags");
  const auto field_width = ini_number(text, "IRBeam", "HFW"),
             field_height = ini_number(text, "IRBeam", "VFW");
  const auto cols = ini_number(text, "Image", "ResolutionX"),
             rows = ini_number(text, "Image", "ResolutionY");
  if (!field_width || !field_height || !cols || !rows) return std::nullopt;
  return pixel_size_from({*field_height / *rows, *field_width / *cols}, {metres(), metres()},
                         "FEI tags");
}

// Thermo Fisher / FEI.
Found fei(const TiffFile& tiff) {
  bool any = false;
  for (const std::uint32_t tag : {34682U, 34680U, 34683U}) {
    const std::string text = ascii(tiff, tag);
    any = any || !text.empty();
    if (const Found found = text.find('<') != std::string::npos ? fei_xml(text) : fei_ini(text))
      return found;
  }
  return any ? Found(StatedSize{}) : std::nullopt;
}

// Zeiss SEM: the fourth line is the pixel in metres of a display 1024 px wide.
Found zeiss(const TiffFile& tiff, const TiffPage& page) {
  std::string text = ascii(tiff, 34118);
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  for (int line = 0; line < 3; ++line) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return StatedSize{};
    rest.remove_prefix(end + 1);
  }
  const auto scale = parse_number(rest.substr(0, rest.find('\n')));
  if (!scale) return StatedSize{};
  const double pixel_m = *scale * 1024 / page.info.cols;
  return pixel_size_from({pixel_m, pixel_m}, {metres(), metres()}, "Zeiss tags");
}

// TVIPS EM-MENU, header version 2: floats in nm at a fixed place behind the 244 bytes of version 1.
Found tvips(const TiffFile& tiff, const std::filesystem::path& path) {
  if (tiff.bytes(37706).empty()) return std::nullopt;
  std::vector<unsigned char> header = tiff.bytes(37708);
  constexpr std::size_t pixel_size_at =
      244 + 160 + 160 + 7 * 4 + 1024 + 1024 + 16 * 4 + 16 * 16 + 2 * 4;
  if (header.size() < pixel_size_at + 8) {
    const auto offset = tiff.numbers(37706);
    if (offset.empty()) return StatedSize{};
    header.resize(pixel_size_at + 8);
    InputFile(path).read(static_cast<std::uint64_t>(offset[0]), header.data(), header.size(),
                         "the TVIPS header");
  }
  const auto order = TIFFIsBigEndian(tiff.get()) != 0 ? std::endian::big : std::endian::little;
  if (InputFile::number<std::int32_t>(header.data(), order) != 2) return StatedSize{};
  const double x =
      static_cast<double>(InputFile::number<float>(header.data() + pixel_size_at, order));
  const double y =
      static_cast<double>(InputFile::number<float>(header.data() + pixel_size_at + 4, order));
  return pixel_size_from({y, x}, {nanometres(), nanometres()}, "TVIPS tags");
}

// Olympus Soft Imaging: a block "SIS0" with a list of records; record 1 begins with a power of ten
// and two factors in metres.
Found olympus(const TiffFile& tiff, const std::filesystem::path& path) {
  const auto where = tiff.numbers(33560);
  if (where.empty()) return std::nullopt;
  const InputFile file(path);
  const auto start = static_cast<std::uint64_t>(where[0]);
  if (file.text(start, 4, 4, "the Olympus block") != "SIS0") return StatedSize{};
  const auto records =
      file.get<std::uint16_t>(start + 58, std::endian::little, "the Olympus block");
  for (std::uint64_t i = 0; i < records; ++i) {
    const std::uint64_t record = start + 60 + 8 * i;
    if (file.get<std::uint16_t>(record, std::endian::little, "the Olympus block") != 1) continue;
    const std::uint64_t at =
        file.get<std::uint32_t>(record + 4, std::endian::little, "the Olympus block");
    const double unit =
        std::pow(10.0, file.get<std::int16_t>(at + 10, std::endian::little, "the Olympus block"));
    const auto x = file.get<double>(at + 12, std::endian::little, "the Olympus block"),
               y = file.get<double>(at + 20, std::endian::little, "the Olympus block");
    return pixel_size_from({y * unit, x * unit}, {metres(), metres()}, "Olympus tags");
  }
  return StatedSize{};
}

std::optional<std::array<double, 2>> metres_per_dot(const TiffFile& tiff) {
  float x = 0, y = 0;
  if (TIFFGetField(tiff.get(), TIFFTAG_XRESOLUTION, &x) != 1 ||
      TIFFGetField(tiff.get(), TIFFTAG_YRESOLUTION, &y) != 1 || !(x > 0) || !(y > 0))
    return std::nullopt;
  const double unit =
      tiff.value<std::uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH) == RESUNIT_CENTIMETER
          ? 0.01
          : 0.0254;
  return std::array{unit / static_cast<double>(y), unit / static_cast<double>(x)};
}

// JEOL SightX: XML in the description; the dots of the camera over the magnification. In DIFF mode
// the scale is reciprocal.
Found jeol(const TiffFile& tiff, const TiffPage& page) {
  if (tiff.text(TIFFTAG_MAKE) != "JEOL Ltd." ||
      page.description.find("<TemReporter") == std::string::npos)
    return std::nullopt;
  const std::string_view xml = page.description;
  const auto imaging = xml_element(xml, "ImageFormingSystem");
  if (xml_text(xml, "EosMode") != "eosTEM" || !imaging) return StatedSize{};
  const std::string mode = xml_text(imaging->content, "ModeString");
  StatedSize size;
  if (mode == "DIFF") size.diffraction = "the microscope's mode DIFF";
  const auto magnification = parse_number(xml_text(imaging->content, "SelectorValue"));
  const auto dot = metres_per_dot(tiff);
  if (mode != "MAG" || !magnification || !(*magnification > 0) || !dot) return size;
  return pixel_size_from({(*dot)[0] / *magnification, (*dot)[1] / *magnification},
                         {metres(), metres()}, "JEOL tags");
}

// Gatan DigitalMicrograph: units and scales of x and y in private tags.
Found gatan(const TiffFile& tiff) {
  const auto x = tiff.numbers(65009), y = tiff.numbers(65010);
  if (x.empty() || y.empty()) return std::nullopt;
  return pixel_size_from(
      {y[0], x[0]}, {parse_unit(ascii(tiff, 65004)), parse_unit(ascii(tiff, 65003))}, "Gatan tags");
}

// The value of "key=value" in a line of ImageJ's description but the first.
std::string imagej_value(const TiffPage& page, const std::string& key) {
  const auto at = page.description.find("\n" + key + "=");
  if (at == std::string::npos) return {};
  const auto begin = at + key.size() + 2;
  return trimmed(
      std::string_view(page.description).substr(begin, page.description.find('\n', begin) - begin));
}

// Dots per inch or centimetre of a printer or a screen, where no microscope is meant: pixels above
// 5 µm.
bool is_printers(const StatedSize& size, const Unit& unit) {
  constexpr double finest_print_nm = 5000, centimetre_nm = 1e7;
  return size.nm_per_pixel && unit.nm >= centimetre_nm && (*size.nm_per_pixel)[1] > finest_print_nm;
}

// ImageJ: "unit=" in the description, else the resolution tags' own unit; pixels per unit in the
// resolution tags.
Found imagej(const TiffFile& tiff, const TiffPage& page) {
  if (!page.description.starts_with("ImageJ=")) return std::nullopt;
  const std::string unit_y = imagej_value(page, "yunit");
  std::string unit_x = imagej_value(page, "unit");
  const auto resolution_unit = tiff.value<std::uint16_t>(TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  if (unit_x.empty() && resolution_unit == RESUNIT_CENTIMETER) unit_x = "cm";
  float x = 0, y = 0;
  if (unit_x.empty() || TIFFGetField(tiff.get(), TIFFTAG_XRESOLUTION, &x) != 1 ||
      TIFFGetField(tiff.get(), TIFFTAG_YRESOLUTION, &y) != 1 || !(x > 0) || !(y > 0))
    return StatedSize{};
  const Unit unit = parse_unit(unit_x);
  const StatedSize size =
      pixel_size_from({1 / static_cast<double>(y), 1 / static_cast<double>(x)},
                      {unit_y.empty() ? unit : parse_unit(unit_y), unit}, "ImageJ tags");
  return is_printers(size, unit) ? StatedSize{} : size;
}

// OME-TIFF: attributes of the first <Pixels>; micrometres unless it says otherwise.
Found ome(const TiffPage& page) {
  const auto pixels = xml_element(page.description, "Pixels");
  if (!pixels || !xml_element(page.description, "OME")) return std::nullopt;
  const auto x = parse_number(xml_attribute(*pixels, "PhysicalSizeX")),
             y = parse_number(xml_attribute(*pixels, "PhysicalSizeY"));
  if (!x || !y) return StatedSize{};
  const auto unit = [&](const char* name) {
    const std::string text = xml_attribute(*pixels, name);
    return parse_unit(text.empty() ? "um" : text);
  };
  return pixel_size_from({*y, *x}, {unit("PhysicalSizeYUnit"), unit("PhysicalSizeXUnit")},
                         "OME metadata");
}

}  // namespace

StatedSize tiff_pixel_size(const TiffFile& tiff, const std::filesystem::path& path,
                           const TiffPage& page) {
  StatedSize unknown;
  for (const Found& found : {fei(tiff), zeiss(tiff, page), tvips(tiff, path), olympus(tiff, path),
                             jeol(tiff, page), gatan(tiff), imagej(tiff, page), ome(page)}) {
    if (!found) continue;
    if (found->nm_per_pixel || !found->diffraction.empty()) return *found;
    if (unknown.note.empty()) unknown.note = found->note;
  }
  return unknown;
}

}  // namespace metamict
