// SPDX-License-Identifier: GPL-3.0-or-later
// The small inputs of reported/ in the folder of real data, against its README's column "right".
// Skipped where absent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "metamict/errors.hpp"
#include "metamict/evaluate.hpp"
#include "metamict/formats.hpp"
#include "metamict/micrograph.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using testing::HasSubstr;

struct Right {
  std::string dataset = {};             ///< the one that is taken, where it has a name
  double nm = 0;                        ///< of a pixel's width; 0: not known
  std::string dtype = {};               ///< empty: not asked
  double least = 0, most = 0;           ///< both 0: not asked
  std::string refused = {}, note = {};  ///< a part of the sentence
};

// What the README says is right, file by file.
const std::map<std::string, Right> rights = {
    {"mrc_mode0_unsigned_header_0_250.mrc", {.nm = 0.02, .dtype = "uint8", .most = 250}},
    {"velox_detector_empty_BF_then_HAADF.emd", {.dataset = "HAADF", .nm = 0.02}},
    {"velox_two_HAADF.emd", {.dataset = "HAADF", .nm = 0.04}},
    {"dm_two_HAADF.dm4", {.dataset = "HAADF", .nm = 0.04}},
    {"velox_fft_and_image_one_name.emd", {.dataset = "HAADF", .nm = 0.02, .dtype = "uint16"}},
    {"velox_json_one_latin1_byte.emd", {.nm = 0.02}},
    {"hspy_diffraction_latex_AA-1.hspy", {.refused = "diffraction"}},
    {"hspy_diffraction_nm-1_braces.hspy", {.refused = "diffraction"}},
    {"hspy_angle_deg.hspy", {.refused = "diffraction"}},
    {"hspy_length_latex_AA.hspy", {.nm = 0.02}},
    {"ser_calibration_1m.ser", {.note = "the file gives 1 m"}},
    {"tif_anisotropic_pixels.tif", {.nm = 0.02, .note = "0.04 nm high"}},
    {"tif_fei_titan_tag_34683.tif", {.nm = 0.02}},
    {"tif_fei_phenom_xml_34680.tif", {.nm = 0.02}},
    {"tif_ome_um_as_xml_entity.ome.tif", {.nm = 0.02}},
    {"tif_imagej_unit_cm.tif", {.nm = 0.02}},
    {"ncem_dims_N_by_1.emd", {.nm = 0.02}},
    {"npy_grey_H_W_1.npy", {.most = 1000}},
    {"h5_ilastik_H_W_1.h5", {.most = 3}},
    {"labels_palette.png", {.note = "palette"}},
    {"labels_reference_uint16.tif", {.dtype = "uint16", .most = 3}},
    {"hspy_lzf_filter.hspy", {.nm = 0.02, .most = 60000}},
    {"mrc_mode16_rgb.mrc", {.refused = "colour"}},
    {"npy_float64_1e303.npy", {.refused = "outside the range of float32"}},
    {"jpg_cmyk.jpg", {.note = "CMYK"}},
    {"hspy_bool.hspy", {.nm = 0.02, .dtype = "bool", .most = 1}},
    {"png_grey_with_rgb_icc.png", {.dtype = "uint8", .most = 250}},
    {"npy_bicrystal_192px_period12.npy", {}}};  // its period is the lattice search's matter

class Reported : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto real = test::real_data();
    if (!real || !std::filesystem::exists(*real / "reported"))
      GTEST_SKIP() << "no folder of real data";
    folder_ = *real / "reported";
  }
  std::filesystem::path folder_;
};

void check(const std::filesystem::path& path, const Right& right) {
  const Format& format = recognise_format(path);
  const auto infos = format.list(path, 1 << 24);
  const DatasetInfo& info = infos[choose_dataset(infos, "")];
  const Micrograph micrograph = load_micrograph(path);
  double least = 0, most = 0;
  cv::minMaxLoc(micrograph.pixels, &least, &most);
  if (!right.dataset.empty()) {
    EXPECT_EQ(info.name, right.dataset);
  }
  if (!right.dtype.empty()) {
    EXPECT_EQ(info.dtype, right.dtype);
  }
  if (right.most > 0) {
    EXPECT_EQ(std::pair(least, most), std::pair(right.least, right.most));
  }
  EXPECT_NEAR(info.nm_per_pixel ? (*info.nm_per_pixel)[1] : 0, right.nm, 1e-7);
  if (!right.note.empty()) {
    EXPECT_THAT(micrograph.notes, testing::Contains(HasSubstr(right.note)));
  }
}

TEST_F(Reported, EveryFileIsRight) {
  for (const auto& [name, right] : rights) {
    SCOPED_TRACE(name);
    testing::internal::CaptureStderr();
    try {
      check(folder_ / name, right);
      EXPECT_EQ(right.refused, "");
    } catch (const InputError& error) {
      EXPECT_FALSE(right.refused.empty()) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(right.refused));
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  }
}

TEST_F(Reported, NoFileIsLeftOut) {
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    if (const std::string name = entry.path().filename().string(); name != "README.md") {
      EXPECT_TRUE(rights.contains(name)) << name;
    }
}

TEST_F(Reported, TheSecondOfTwoImagesOfOneNameCanBeChosen) {
  for (const char* name : {"velox_two_HAADF.emd", "dm_two_HAADF.dm4"})
    for (const char* second : {"HAADF#2", "2"}) {
      LoadOptions options;
      options.dataset = second;
      const Micrograph micrograph = load_micrograph(folder_ / name, options);
      EXPECT_EQ(micrograph.dataset, "HAADF#2");
      EXPECT_NEAR(micrograph.nm_per_pixel.value_or(0), 0.02, 1e-7) << name;
    }
}

TEST_F(Reported, PaletteLabelsAreTheirIndices) {
  const auto labels = [&](const char* name) {
    const auto path = folder_ / name;
    return recognise_format(path).read({path, 0, 0, 1 << 24, true}).pixels;
  };
  EXPECT_EQ(evaluate(labels("labels_palette.png"), labels("labels_reference_uint16.tif")).ari, 1);
  EXPECT_EQ(evaluate(labels("h5_ilastik_H_W_1.h5"), labels("labels_reference_uint16.tif")).ari, 1);
}

}  // namespace
}  // namespace metamict
