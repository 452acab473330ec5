// SPDX-License-Identifier: GPL-3.0-or-later
// The one parser of units, and what is said of a pixel size that is not taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "formats/bytes/array_axes.hpp"
#include "formats/bytes/encoding.hpp"
#include "formats/bytes/exif.hpp"
#include "formats/bytes/lenient_json.hpp"
#include "formats/bytes/pixel_size.hpp"
#include "formats/bytes/xml.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

using testing::HasSubstr;

TEST(Units, LengthsInEverySpelling) {
  const std::pair<const char*, double> lengths[] = {
      {"nm", 1},
      {"n_m", 1},
      {"[n_m]", 1},
      {"(nm)", 1},
      {"NM", 1},
      {"nanometers", 1},
      {"Nanometre", 1},
      {"nano meter", 1},
      {"nm/px", 1},
      {"nm/pixel", 1},
      {"nm per pixel", 1},
      {"nm / Pixel", 1},
      {"\\mathrm{nm}", 1},
      {"$\\mathrm{nm}$", 1},
      {"\\nano\\meter", 1},
      {"\\si{\\nano\\metre}", 1},
      {"\xE3\x8E\x9A", 1},
      {"b'nm'", 1},
      {"nm^1", 1},
      {"nm.", 1},
      // Micrometres: the micro sign, the Greek letter, Latin-1,
      // mathematical letters, escapes, entities, LaTeX, mojibake.
      {"\xC2\xB5m", 1e3},
      {"\xCE\xBCm", 1e3},
      {"\xB5m", 1e3},
      {"\xF0\x9D\x9C\x87m", 1e3},
      {"\\u00B5m", 1e3},
      {"\\xb5m", 1e3},
      {"&#181;m", 1e3},
      {"&#xB5;m", 1e3},
      {"&micro;m", 1e3},
      {"&amp;#181;m", 1e3},
      {"&mu;m", 1e3},
      {"um", 1e3},
      {"u_m", 1e3},
      {"$\\mu m$", 1e3},
      {"$\\mu$m", 1e3},
      {"\\mu{}m", 1e3},
      {"\\micro\\meter", 1e3},
      {"$\\mathrm{\\mu m}$", 1e3},
      {"micron", 1e3},
      {"Microns", 1e3},
      {"micrometer", 1e3},
      {"mum", 1e3},
      {"\xE3\x8E\x9B", 1e3},
      {"\xC3\x82\xC2\xB5m", 1e3},
      // Angstroms.
      {"A", 0.1},
      {"\xC3\x85", 0.1},
      {"\xC5", 0.1},
      {"\xE2\x84\xAB", 0.1},
      {"A\xCC\x8A", 0.1},
      {"&#197;", 0.1},
      {"&Aring;", 0.1},
      {"$\\AA$", 0.1},
      {"\\AA", 0.1},
      {"AA", 0.1},
      {"[\\AA]", 0.1},
      {"{\\AA}", 0.1},
      {"\\r{A}", 0.1},
      {"\\mathring{A}", 0.1},
      {"\\angstrom", 0.1},
      {"Ang", 0.1},
      {"Angstrom", 0.1},
      {"angstroms", 0.1},
      {"\xC3\x85ngstr\xC3\xB6m", 0.1},
      {"\xC5ngstr\xF6m", 0.1},
      {"Angstroem", 0.1},
      {"\xC3\x85/px", 0.1},
      {"pm", 1e-3},
      {"p_m", 1e-3},
      {"picometer", 1e-3},
      {"mm", 1e6},
      {"m_m", 1e6},
      {"millimetres", 1e6},
      {"cm", 1e7},
      {"centimeter", 1e7},
      {"m", 1e9},
      {"meter", 1e9},
      {"metres", 1e9},
      {"m\xC3\xA8tre", 1e9},
      {"inch", 2.54e7}};
  for (const auto& [text, nm] : lengths) {
    const Unit unit = parse_unit(text);
    EXPECT_EQ(unit.kind, UnitKind::length) << text;
    EXPECT_DOUBLE_EQ(unit.nm, nm) << text;
  }
}

TEST(Units, WhateverIsADiffractionPatternsIsOne) {
  for (const char* text : {"1/nm",
                           "1 / nm",
                           "nm^-1",
                           "nm^{-1}",
                           "nm**-1",
                           "nm-1",
                           "nm\xE2\x81\xBB\xC2\xB9",
                           "nm\xE2\x88\x92"
                           "1",
                           "(1/nm)",
                           "[1/nm]",
                           "n_m^-1",
                           "[n_m^-1]",
                           "$\\AA^{-1}$",
                           "$\\mathrm{\\AA}^{-1}$",
                           "\\AA^-1",
                           "\xC3\x85^-1",
                           "\xC3\x85\xE2\x81\xBB\xC2\xB9",
                           "1/\xC5",
                           "A^-1",
                           "1/\\AA",
                           "\\frac{1}{nm}",
                           "$\\frac{1}{\\AA}$",
                           "\\per\\nano\\meter",
                           "\\nano\\meter\\tothe{-1}",
                           "/nm",
                           "per nm",
                           "1/\xC2\xB5m",
                           "1/&#181;m",
                           "um^-1",
                           "1/m",
                           "m^-1",
                           "nm^-2",
                           "1/nm^2",
                           "1/nanometer",
                           "inverse_nanometer",
                           "reciprocal angstrom",
                           "cycles/nm",
                           "rad/nm",
                           "lp/mm",
                           "1\xE2\x81\x84nm",
                           "$1/\\mathrm{nm}$",
                           "&#197;^-1"})
    EXPECT_EQ(parse_unit(text).kind, UnitKind::reciprocal) << text;
  for (const char* text : {"rad",
                           "mrad",
                           "mrad.",
                           "\xC2\xB5rad",
                           "\xCE\xBCrad",
                           "\xB5rad",
                           "urad",
                           "$\\mu rad$",
                           "nrad",
                           "deg",
                           "Degrees",
                           "\xC2\xB0",
                           "\xB0",
                           "$^\\circ$",
                           "$\\degree$",
                           "&deg;",
                           "milliradian",
                           "2theta",
                           "\xC2\xB0"
                           "2\xCE\xB8",
                           "arcmin",
                           "mrad/px",
                           "deg/pixel",
                           "[mrad]",
                           "\\mathrm{mrad}"})
    EXPECT_EQ(parse_unit(text).kind, UnitKind::angle) << text;
}

TEST(Units, NoUnitAndOtherUnits) {
  for (const char* text : {"", " ", "px", "Pixels", "pixel", "<undefined>", "None", "points",
                           "[px]", "unknown", "reference frame"})
    EXPECT_EQ(parse_unit(text).kind, UnitKind::none) << text;
  for (const char* text : {"eV", "s", "furlong", "px/nm", "pixels/nm", "counts", "nm^2", "e/A^2",
                           "kx", "\xFF\xFE", "Mm", "a.u.", "\xEF\xBF\xBDm"})
    EXPECT_EQ(parse_unit(text).kind, UnitKind::other) << text;
  EXPECT_EQ(parse_unit("\xC5\xB5").text, "\xC5\xB5");  // as the file has it, in UTF-8
  EXPECT_EQ(parse_unit(" \xB5m ").text, "\xC2\xB5m");
  EXPECT_EQ(parse_unit(std::string(100000, '{')).kind, UnitKind::none);  // and in no time
}

TEST(Units, NumbersInEveryLocale) {
  EXPECT_EQ(parse_number(" +2.5e-11\r\n"), 2.5e-11);
  EXPECT_EQ(parse_number("0,02"), 0.02);
  EXPECT_EQ(parse_number("2,0E-11"), 2e-11);
  for (const char* text : {"", "1,000.5", "1,2,3", "nan", "inf", "2 nm", "1e999"})
    EXPECT_FALSE(parse_number(text)) << text;
}

StatedSize size_of_pixel(double scale, const char* unit) {
  return pixel_size_from({scale, scale}, {parse_unit(unit), parse_unit(unit)}, "its tags");
}

TEST(PixelSizes, OfNoMicroscopeAreUnknownAndQuoted) {
  EXPECT_DOUBLE_EQ((*size_of_pixel(2e-11, "m").nm_per_pixel)[0], 0.02);
  EXPECT_TRUE(size_of_pixel(0.2, "pm").nm_per_pixel);
  EXPECT_TRUE(size_of_pixel(0.1, "mm").nm_per_pixel);  // a navigation camera's
  for (const auto& [scale, unit] :
       {std::pair{1.0, "m"}, {1.0, "cm"}, {1.0, "mm"}, {1e-9, "nm"}, {1e30, "nm"}}) {
    const StatedSize size = size_of_pixel(scale, unit);
    EXPECT_FALSE(size.nm_per_pixel) << scale << unit;
    EXPECT_EQ(size.source, "unknown");
    EXPECT_THAT(size.note,
                HasSubstr(std::string(" ") + unit + " (its tags), which no microscope has"));
  }
  EXPECT_THAT(size_of_pixel(1, "m").note, HasSubstr("the file gives 1 m"));
  EXPECT_THAT(size_of_pixel(0.02, "furlong").note, HasSubstr("0.02 with the unit \"furlong\""));
  EXPECT_THAT(size_of_pixel(0.02, "").note, HasSubstr("0.02 without a unit"));
  EXPECT_THAT(pixel_size_from({0.02, 0.02}, {Unit(), nanometres()}, "its tags").note,
              HasSubstr("without a unit"));
  EXPECT_EQ(size_of_pixel(0, "nm").note, "");  // what programs write that know no size
  EXPECT_EQ(size_of_pixel(1, "px").note, "");
  EXPECT_EQ(size_of_pixel(1, "").note, "");
}

TEST(PixelSizes, ReciprocalOnesMakeDiffractionAndAreQuoted) {
  DatasetInfo info;
  set_pixel_size(info, size_of_pixel(0.02, "$\\AA^{-1}$"));
  EXPECT_FALSE(info.image);
  EXPECT_THAT(info.reason, HasSubstr("diffraction"));
  EXPECT_THAT(info.reason, HasSubstr("$\\AA^{-1}$"));
}

TEST(ArrayAxesOf, LeaveOutAxesOfLengthOne) {
  const auto laid = [](std::vector<std::uint64_t> shape, bool frames_last = false) {
    DatasetInfo info;
    const ArrayAxes axes = set_array_axes(info, shape, frames_last);
    return std::tuple(info.image, info.rows, info.cols, info.frames, axes.row, axes.col,
                      axes.frame);
  };
  EXPECT_EQ(laid({20, 30}), std::tuple(true, 20, 30, 1, 0, 1, -1));
  EXPECT_EQ(laid({20, 30, 1}), std::tuple(true, 20, 30, 1, 0, 1, -1));
  EXPECT_EQ(laid({1, 1, 1, 20, 30}), std::tuple(true, 20, 30, 1, 3, 4, -1));
  EXPECT_EQ(laid({20, 1, 30}), std::tuple(true, 20, 30, 1, 0, 2, -1));
  EXPECT_EQ(laid({5, 20, 1, 30}), std::tuple(true, 20, 30, 5, 1, 3, 0));
  EXPECT_EQ(laid({20, 30, 1, 5}, true), std::tuple(true, 20, 30, 5, 0, 1, 3));
  for (const auto& shape : std::vector<std::vector<std::uint64_t>>{{},
                                                                   {9},
                                                                   {1, 9},
                                                                   {9, 1},
                                                                   {1, 1, 9},
                                                                   {9, 1, 1},
                                                                   {20, 30, 3},
                                                                   {1, 20, 30, 4},
                                                                   {2, 2, 20, 30},
                                                                   {0, 20},
                                                                   {20, 0, 30}})
    EXPECT_FALSE(std::get<0>(laid(shape))) << testing::PrintToString(shape);
  EXPECT_THROW(laid({1, 5000000000}), InputError);
}

TEST(LenientJson, ReadsWhatMicroscopesWrite) {
  EXPECT_EQ(parse_json("{\"a\": \"M\xFCller\", \"b\": 1}")["a"], "M\xC3\xBCller");
  const auto numbers = parse_json(
      "{\"a\": NaN, \"b\": [-Infinity, nan, 2], \"c\": \"NaN \\\" Infinity\", \"d\": \"x\ty\"}");
  EXPECT_TRUE(numbers["a"].is_null());
  EXPECT_EQ(numbers["b"][2], 2);
  EXPECT_EQ(numbers["c"], "NaN \" Infinity");
  EXPECT_EQ(numbers["d"], "x y");
  EXPECT_EQ(parse_json(std::string("{\"a\": 3}\0\0garbage", 17))["a"], 3);
  EXPECT_TRUE(parse_json("{\"a\": ").is_discarded());
  EXPECT_TRUE(parse_json("").is_discarded());
}

TEST(Xml, ElementsAttributesAndEntities) {
  const std::string xml =
      "<?xml version='1.0'?><!-- <Pixels S='9'/> --><ome:OME><ome:Pixels ID='a>b' PhysicalSizeX = "
      "'2E-5' "
      "Unit='&#181;m'><x>1</x> text</ome:Pixels><empty/><Size unit=\"nm\"> 0.02 </Size></ome:OME>";
  const auto pixels = xml_element(xml, "Pixels");
  ASSERT_TRUE(pixels);
  EXPECT_EQ(xml_attribute(*pixels, "PhysicalSizeX"), "2E-5");
  EXPECT_EQ(xml_attribute(*pixels, "Unit"), "\xC2\xB5m");
  EXPECT_EQ(xml_attribute(*pixels, "SizeX"), "");
  EXPECT_EQ(xml_text(pixels->content, "X"), "1");
  EXPECT_EQ(xml_text(xml, "size"), "0.02");
  EXPECT_EQ(xml_text(xml, "empty"), "");
  EXPECT_FALSE(xml_element(xml, "missing"));
  for (std::size_t length = 0; length < xml.size(); ++length)
    xml_element(xml.substr(0, length), "Size");
}

TEST(Exif, OrientationOfEveryBlock) {
  const auto block = [](bool big, int value) {
    std::vector<unsigned char> bytes =
        big ? std::vector<unsigned char>{'M',  'M', 0, 42, 0, 0, 0, 8, 0, 1, 1,
                                         0x12, 0,   3, 0,  0, 0, 1, 0, 0, 0, 0}
            : std::vector<unsigned char>{'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12,
                                         1,   3,   0,  1, 0, 0, 0, 0, 0, 0, 0};
    bytes[big ? 19 : 18] = static_cast<unsigned char>(value);
    return bytes;
  };
  for (const bool big : {false, true}) {
    EXPECT_EQ(exif_orientation(block(big, 6)), 6);
    EXPECT_EQ(exif_orientation(block(big, 9)), 1);
    auto cut = block(big, 6);
    for (; !cut.empty(); cut.pop_back()) exif_orientation(cut);
    EXPECT_EQ(exif_orientation(cut), 1);
  }
}

}  // namespace
}  // namespace metamict
