// SPDX-License-Identifier: GPL-3.0-or-later
// Every kind of input that people report as misread, as other programs write it
// (tests/support/make_kinds.py): 100 row
// + column, 0.02 nm wide and 0.03 nm high.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "metamict/errors.hpp"
#include "metamict/evaluate.hpp"
#include "metamict/formats.hpp"
#include "metamict/micrograph.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int rows = 20, cols = 26;
constexpr std::uint64_t most_pixels = 1 << 20;

class FormatKinds : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TemporaryFolder>();
    const auto ran = test::run_command(std::string(METAMICT_PYTHON) + " " + METAMICT_SOURCE_DIR +
                                       "/tests/support/make_kinds.py " + folder_->path().string());
    ASSERT_EQ(ran.status, 0) << ran.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  inline static std::unique_ptr<test::TemporaryFolder> folder_;

  static fs::path file(const std::string& name) { return *folder_ / name; }
  static std::vector<DatasetInfo> list(const std::string& name) {
    return recognise_format(file(name)).list(file(name), most_pixels);
  }
  static RawImage read(const std::string& name, const std::string& dataset = "",
                       bool labels = false) {
    return recognise_format(file(name))
        .read({file(name), choose_dataset(list(name), dataset), 0, most_pixels, labels});
  }
  static std::string refusal(const std::string& name) {
    try {
      load_micrograph(file(name));
    } catch (const InputError& error) {
      return error.what();
    }
    return "was read";
  }
};

// The largest difference to the image that the files hold, `step` a row.
double difference(const cv::Mat& pixels, int step = 100, double offset = 0) {
  if (pixels.size() != cv::Size(cols, rows)) return 1e9;
  double worst = 0;
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col)
      worst = std::max(worst, std::abs(static_cast<double>(pixels.at<float>(row, col)) -
                                       (step * row + col + offset)));
  return worst;
}

TEST_F(FormatKinds, ImagesAreReadWithTheirSize) {
  for (const char* name : {"hspy_latex.hspy",
                           "hspy_latin1.hspy",
                           "hspy_lzf.hspy",
                           "hspy_lzf_shuffled.hspy",
                           "hspy_ones_in_front.hspy",
                           "velox_only_detector.emd",
                           "velox_detector_absent.emd",
                           "velox_index.emd",
                           "velox_index_number.emd",
                           "velox_enabled.emd",
                           "velox_properties.emd",
                           "velox_operation.emd",
                           "velox_two_of_one_name.emd",
                           "velox_fft_and_image.emd",
                           "velox_latin1.emd",
                           "velox_nan.emd",
                           "velox_control.emd",
                           "ncem_columns.emd",
                           "ncem_rows.emd",
                           "prismatic.h5",
                           "swift.h5",
                           "abtem.h5",
                           "nexus.nxs",
                           "nexus_old.nxs",
                           "usid.h5",
                           "usid_slow_first.h5",
                           "bruker.h5",
                           "edax.oh5",
                           "oxford.h5oina",
                           "swift.ndata",
                           "panta_rhei.prz",
                           "imagej.tif.zip",
                           "imagej.tif.gz",
                           "swift.h5.gz",
                           "swift.h5.zip",
                           "image.ser",
                           "fei_xml_34680.tif",
                           "fei_xml_34682.tif",
                           "fei_xml_34683.tif",
                           "fei_phenom.tif",
                           "fei_size_of_outer_unit.tif",
                           "fei_ini.tif",
                           "ome_entity.tif",
                           "ome_hexadecimal.tif",
                           "ome_single_quotes.tif",
                           "ome_namespace.tif",
                           "imagej_cm.tif",
                           "imagej_cm_of_the_tag.tif",
                           "imagej_micron.tif",
                           "imagej_escaped.tif"}) {
    SCOPED_TRACE(name);
    const auto infos = list(name);
    const DatasetInfo& info = infos[choose_dataset(infos, "")];
    EXPECT_EQ(difference(read(name).pixels), 0);
    ASSERT_TRUE(info.nm_per_pixel);
    // ImageJ's description has one unit, and its own test of both sizes stands in formats_tiff.
    EXPECT_NEAR((*info.nm_per_pixel)[0], 0.03, 1e-7);
    EXPECT_NEAR((*info.nm_per_pixel)[1], 0.02, 1e-7);
  }
}

TEST_F(FormatKinds, ImagesWithoutASizeAreRead) {
  for (const char* name : {"plain_trailing_one.h5", "trailing_one.npy", "ones_in_front.npy",
                           "fortran_trailing_one.npy", "axis_of_one.dm4", "arrays.npz",
                           "one_array.npz", "hspy_spectrum_of_one.hspy", "turned.tif"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(difference(read(name).pixels), 0);
  }
}

TEST_F(FormatKinds, WhatIsNoImageIsRefusedForItsReason) {
  const std::pair<const char*, const char*> refusals[] = {
      {"hspy_reciprocal.hspy", "diffraction"},
      {"hspy_angle.hspy", "diffraction"},
      {"diffraction.ser", "diffraction"},
      {"latex.dm4", "diffraction"},
      {"hspy_unknown_filter.hspy", "compressed with Blosc (HDF5 filter 32001)"},
      {"hspy_1e303.hspy", "outside the range of float32"},
      {"huge.npy", "outside the range of float32"},
      {"tiny.npy", "outside the range of float32"},
      {"colour.npy", "colour"},
      {"plain_colour.h5", "colour"},
      {"rgb.mrc", "colour"},
      {"nexus_spectra.nxs", "spectr"},
      {"usid_spectra.h5", "a spectrum at every point"},
      {"two_images.zip", "holds 2 files"},
      {"text.zip", "no image of a known format"},
      {"bzip2.zip", "packed by method 12"},
      {"in_an_archive.tif.gz.zip", "no image of a known format"},
      {"cut.tif.gz", "truncated or damaged"},
      {"cut.npz", "truncated or damaged"},
      {"flipped.tif.zip", "damaged"}};
  for (const auto& [name, reason] : refusals) {
    EXPECT_THAT(refusal(name), HasSubstr(reason)) << name;
    EXPECT_EQ(refusal(name).find(file(name).string()), 0U)
        << "the sentence begins with the path: " << refusal(name);
    EXPECT_THAT(refusal(name), testing::Not(HasSubstr("/proc/"))) << name;
  }
}

TEST_F(FormatKinds, BombsAreRefusedBeforeTheyFillTheMemory) {
  for (const char* name : {"bomb.gz", "bomb.npz"}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(refusal(name), HasSubstr("too much for its size")) << name;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60))
        << "a second of its own";
  }
}

TEST_F(FormatKinds, DetectorsAreFoundWhereverVeloxWritesThem) {
  for (const char* name :
       {"velox_only_detector.emd", "velox_detector_absent.emd", "velox_index.emd",
        "velox_index_number.emd", "velox_enabled.emd", "velox_properties.emd",
        "velox_operation.emd", "velox_latin1.emd", "velox_nan.emd", "velox_control.emd"}) {
    const auto infos = list(name);
    ASSERT_EQ(infos.size(), 2U) << name;
    EXPECT_EQ(infos[0].name, "BF") << name;
    EXPECT_EQ(infos[1].name, "HAADF") << name;
    EXPECT_EQ(choose_dataset(infos, ""), 1U) << name;
  }
}

TEST_F(FormatKinds, DatasetsOfOneNameCanAllBeChosen) {
  const auto infos = list("velox_two_of_one_name.emd");
  ASSERT_EQ(infos.size(), 2U);
  EXPECT_EQ(infos[0].name, "HAADF");
  EXPECT_EQ(infos[1].name, "HAADF#2");
  for (const char* second : {"HAADF#2", "2", "#2"}) {
    EXPECT_EQ(choose_dataset(infos, second), 1U) << second;
    EXPECT_GT(difference(read("velox_two_of_one_name.emd", second).pixels), 0);
  }
  LoadOptions options;
  options.dataset = "HAADF#2";
  EXPECT_EQ(load_micrograph(file("velox_two_of_one_name.emd"), options).dataset, "HAADF#2");
  EXPECT_THROW(choose_dataset(infos, "3"), InputError);
  EXPECT_THROW(choose_dataset(infos, "0"), InputError);
  EXPECT_EQ(list("two_of_one_name.dm4")[1].name, "HAADF#2");
  EXPECT_EQ(difference(read("two_of_one_name.dm4", "1").pixels), 0);
  EXPECT_GT(difference(read("two_of_one_name.dm4", "2").pixels), 0);
  // The image keeps the name that an FFT has too.
  const auto mixed = list("velox_fft_and_image.emd");
  EXPECT_EQ(mixed[1].name, "HAADF");
  EXPECT_EQ(choose_dataset(mixed, "HAADF"), 1U);
  EXPECT_NE(mixed[0].name, "HAADF");
  EXPECT_FALSE(mixed[0].image);
}

TEST_F(FormatKinds, SizesThatAreNotTakenAreQuoted) {
  const std::pair<const char*, const char*> notes[] = {
      {"metres.ser", "the file gives 1 m (TIA calibration), which no microscope has"},
      {"metres.dm4", "the file gives 1 m (Gatan tags), which no microscope has"},
      {"hspy_metres.hspy", "the file gives 1 m (HyperSpy axes), which no microscope has"},
      {"fei_metres.tif", "the file gives 1 m (FEI tags), which no microscope has"},
      {"hspy_furlong.hspy", "0.02 with the unit \"furlong\""},
      {"imagej_furlong.tif", "0.02 with the unit \"furlong\""},
      {"panta_rhei_old.prz", "Python pickle"}};
  for (const auto& [name, note] : notes) {
    SCOPED_TRACE(name);
    const Micrograph micrograph = load_micrograph(file(name));
    EXPECT_EQ(difference(micrograph.pixels), 0);
    EXPECT_FALSE(micrograph.nm_per_pixel);
    EXPECT_THAT(micrograph.notes, Contains(HasSubstr(note)));
    LoadOptions given;
    given.nm_per_pixel = 0.02;
    EXPECT_THAT(load_micrograph(file(name), given).notes,
                testing::Not(Contains(HasSubstr("pixel size is unknown"))));
  }
  const DatasetInfo printed = list("imagej_print.tif")[0];  // 300 dots per inch are a printer's
  EXPECT_FALSE(printed.nm_per_pixel);
  EXPECT_THAT(printed.notes, IsEmpty());
}

TEST_F(FormatKinds, BooleansAreZeroAndOne) {
  for (const char* name : {"hspy_bool.hspy", "plain_bits.h5"}) {
    const RawImage raw = read(name);
    EXPECT_EQ(raw.info.dtype, "bool") << name;
    for (int row = 0; row < rows; ++row)
      for (int col = 0; col < cols; ++col)
        ASSERT_EQ(raw.pixels.at<float>(row, col), static_cast<float>(col % 2)) << name;
  }
}

TEST_F(FormatKinds, BytesOfMrcHaveTheSignThatTheHeaderSays) {
  EXPECT_EQ(difference(read("unsigned_by_range.mrc").pixels, 10), 0);
  EXPECT_EQ(difference(read("signed_by_range.mrc").pixels, 10, -100), 0);
  EXPECT_THAT(read("signed_by_range.mrc").notes, IsEmpty());
  EXPECT_EQ(difference(read("sign_unknown.mrc").pixels, 10, -100), 0);
  EXPECT_THAT(read("sign_unknown.mrc").notes, ElementsAre(HasSubstr("taken as signed")));
}

TEST_F(FormatKinds, InksBecomeGreyWithANote) {
  const RawImage raw = read("cmyk.jpg");
  EXPECT_LE(difference(raw.pixels, 10), 4);  // lossy
  EXPECT_THAT(raw.notes, Contains(HasSubstr("CMYK")));
}

TEST_F(FormatKinds, ARotatedDisplayIsSaidAndNotApplied) {
  EXPECT_EQ(difference(read("turned.tif").pixels), 0);
  EXPECT_EQ(difference(read("turned.png").pixels, 10), 0);
  EXPECT_LE(difference(read("turned.jpg").pixels, 10), 12);  // lossy
  for (const char* name : {"turned.tif", "turned.png", "turned.jpg"})
    EXPECT_THAT(read(name).notes, Contains(HasSubstr("orientation 6"))) << name;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const RawImage raw = read("turned_inks_" + std::to_string(orientation) + ".tif");
    EXPECT_LE(difference(raw.pixels, 10), 1) << orientation;  // libtiff's own rounding
    EXPECT_EQ(testing::Matches(Contains(HasSubstr("orientation")))(raw.notes), orientation > 1)
        << orientation;
  }
}

TEST_F(FormatKinds, NoLibraryWritesToStderr) {
  std::set<std::string> spoken;
  for (const auto& entry : fs::directory_iterator(folder_->path())) {
    if (entry.path().filename().string().starts_with("bomb")) continue;
    testing::internal::CaptureStderr();
    try {
      load_micrograph(entry.path());
    } catch (const InputError&) {
    }
    if (const std::string said = testing::internal::GetCapturedStderr(); !said.empty())
      spoken.insert(entry.path().filename().string() + ": " + said);
  }
  EXPECT_THAT(spoken, IsEmpty());
  EXPECT_EQ(difference(read("profile.png").pixels, 10), 0);
  EXPECT_THAT(read("profile.png").notes, IsEmpty());
}

// Whether two label images are the same partition, and how many labels they have.
std::pair<double, std::size_t> agreement(const cv::Mat& ours, const cv::Mat& truth) {
  const Evaluation evaluation = evaluate(ours, truth);
  return {evaluation.ari, evaluation.regions.size()};
}

TEST_F(FormatKinds, LabelsOfAPaletteAreItsIndices) {
  const cv::Mat truth = read("labels.npy", "", true).pixels;
  for (const char* name : {"labels_palette8.png", "labels_palette2.png", "labels_palette.tif"}) {
    EXPECT_EQ(cv::norm(read(name, "", true).pixels, truth, cv::NORM_INF), 0) << name;
    EXPECT_THAT(read(name).notes, Contains(HasSubstr("palette")))
        << name;  // as an image its colours are made grey
  }
}

TEST_F(FormatKinds, LabelsOfEveryIntegerTypeStayApart) {
  const cv::Mat truth = read("labels.npy", "", true).pixels;
  for (const char* type : {"uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
                           "float32", "float64"})
    for (const char* ending : {".npy", ".tif", ".h5"}) {
      const std::string name = std::string("labels_") + type + ending;
      if (!fs::exists(file(name))) continue;
      EXPECT_EQ(agreement(read(name, "", true).pixels, truth), std::pair(1.0, std::size_t{4}))
          << name;
    }
  for (const char* name : {"labels_bool.npy", "labels_bool.tif", "labels_bool.h5"})
    if (fs::exists(file(name))) {
      const cv::Mat pixels = read(name, "", true).pixels;
      EXPECT_EQ(cv::countNonZero(pixels == 1) + cv::countNonZero(pixels == 0), rows * cols) << name;
    }
  EXPECT_THROW(evaluate(read("labels_half.npy", "", true).pixels, truth), InputError);
}

}  // namespace
}  // namespace metamict
