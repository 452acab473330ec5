// SPDX-License-Identifier: GPL-3.0-or-later
// series and watch in process, with a fake encoder.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "app/batch/arrivals.hpp"
#include "metamict/formats.hpp"
#include "support/program_fixture.hpp"

namespace metamict::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class Verbs : public test::ProgramFixture {
 protected:
  static cv::Mat film(double amorphous_from, std::uint64_t seed = 1) {
    return test::draw_lattice(
        {.rows = 96, .cols = 160, .period_px = 8, .amorphous_from = amorphous_from, .seed = seed});
  }
  int series(std::vector<std::string> more) {
    more.insert(more.begin(), "series");
    more.insert(more.end(), {"--output", (folder / "out").string(), "--threads", "1", "--cut",
                             "mean", "--graphml", "none"});
    return run(more);
  }
  json series_json() const { return json::parse(test::slurp(folder / "out/series.json")); }
};

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

TEST_F(Verbs, ASeriesLeavesEveryFileOfTheContract) {
  write("a.npy", film(1));
  write("b.npy", film(0.5));
  std::ofstream(folder / "series.csv")
      << "image,operator,dose_dpa\r\nb.npy,\"Doe, J.\",0.5\r\na.npy,Roe,0\r\n";
  ASSERT_EQ(series({path("series.csv"), "--pixel-size", "0.05nm"}), 0) << err;
  for (const char* name :
       {"series.csv", "series.json", "series.html", "metamict_series_mqc.json",
        "metamict_trend_mqc.json", "run.toml", "run.json", "a/series/labels.tif",
        "a/series/overlay.png", "a/series/outlines.geojson", "b/series/labels.tif",
        "b/mean/labels.tif", "b/report.html", "b/DONE.json"})
    EXPECT_TRUE(fs::exists(folder / "out" / name)) << name;
  const std::vector<std::string> lines = split_lines(test::slurp(folder / "out/series.csv"));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], testing::StartsWith(
                            "image,dose_dpa,amorphous_fraction_film,amorphous_fraction_film_"
                            "uncertainty,amorphous_area_nm2,"
                            "amorphous_area_nm2_uncertainty,"
                            "front_depth_nm_mean,front_depth_nm_mean_uncertainty,front_depth_nm_sd,"
                            "front_depth_nm_sd_uncertainty,"
                            "front_depth_nm_max,front_depth_nm_max_uncertainty,label_1_area_px"));
  EXPECT_THAT(lines[0], testing::EndsWith(",operator"));
  EXPECT_THAT(lines[1], testing::StartsWith("a.npy,0,")) << "by rising dose";
  EXPECT_THAT(lines[2], testing::EndsWith(",\"Doe, J.\""));
  const json run = json::parse(test::slurp(folder / "out/run.json"));
  EXPECT_THAT(run["images"][0]["outputs"].dump(), HasSubstr("b/series/labels.tif"));
}

TEST_F(Verbs, NoCellOfTheTableIsAFormula) {
  const std::string evil = "=cmd|'calc'!A0.npy";
  write(evil, film(0.5));
  std::ofstream(folder / "series.csv") << "image,dose_dpa,offset,@who\n"
                                       << evil << ",0.1,-3.5,\"+HYPERLINK(\"\"x\"\")\"\n";
  ASSERT_EQ(series({path("series.csv")}), 0) << err;
  const std::vector<std::string> lines = split_lines(test::slurp(folder / "out/series.csv"));
  EXPECT_THAT(lines[0], testing::EndsWith(",offset,'@who"));
  EXPECT_THAT(lines[1], testing::StartsWith("'=cmd|'calc'!A0.npy,0.1,"));
  EXPECT_THAT(lines[1], testing::EndsWith(",-3.5,\"'+HYPERLINK(\"\"x\"\")\""))
      << "a number stays one";
  EXPECT_EQ(series_json()["images"][0]["image"], evil) << "only the spreadsheet's file is guarded";
}

TEST_F(Verbs, AreasOfTheTableAreThoseOfTheLabelMaps) {
  write("a.npy", film(1));
  write("b.npy", film(0.5));
  ASSERT_EQ(series({path("a.npy") + "=0", path("b.npy") + "=0.1"}), 0) << err;
  const json report = series_json();  // outlives the loop over its images
  for (const json& image : report["images"]) {
    const fs::path labels = folder / "out" / image["labels"].get<std::string>();
    const cv::Mat map = recognise_format(labels).read({labels, 0, 0, 1 << 20}).pixels;
    for (const json& region : image["regions"])
      EXPECT_EQ(cv::countNonZero(map == region["label"].get<int>()), region["area_px"].get<int>());
    // The outlines hold exactly these pixels: shoelace areas, holes negative.
    const json outlines = json::parse(test::slurp(labels.parent_path() / "outlines.geojson"));
    EXPECT_EQ(outlines["type"], "FeatureCollection");
    ASSERT_EQ(outlines["features"].size(), image["regions"].size());
    for (std::size_t i = 0; i < outlines["features"].size(); ++i) {
      const json& geometry = outlines["features"][i]["geometry"];
      const json polygons = geometry["type"] == "Polygon" ? json::array({geometry["coordinates"]})
                                                          : geometry["coordinates"];
      double area = 0;
      for (const json& polygon : polygons)
        for (std::size_t r = 0; r < polygon.size(); ++r) {
          ASSERT_GE(polygon[r].size(), 4U);
          EXPECT_EQ(polygon[r].front(), polygon[r].back()) << "a ring is closed";
          double twice = 0;
          for (std::size_t k = 0; k + 1 < polygon[r].size(); ++k)
            twice += polygon[r][k][0].get<double>() * polygon[r][k + 1][1].get<double>() -
                     polygon[r][k + 1][0].get<double>() * polygon[r][k][1].get<double>();
          EXPECT_EQ(twice > 0, r == 0) << "outer rings run one way, holes the other (RFC 7946)";
          area += twice / 2;
        }
      EXPECT_DOUBLE_EQ(area, image["regions"][i]["area_px"].get<double>());
    }
  }
}

TEST_F(Verbs, TheSameRegionHasOneLabelAndANewOneIsNew) {
  write("a.npy", film(1, 1));
  write("b.npy", film(0.5, 2));
  write("c.npy", film(0.4, 3));
  for (const bool joint : {false, true}) {
    std::vector<std::string> arguments{path("a.npy") + "=0", path("b.npy") + "=0.1",
                                       path("c.npy") + "=0.5", "--overwrite"};
    if (joint) arguments.push_back("--joint");
    ASSERT_EQ(series(arguments), 0) << err;
    EXPECT_EQ(series_json()["joint"], joint);
    const auto label_at = [&](const std::string& stem, int x) {
      const fs::path labels = folder / "out" / stem / "series/labels.tif";
      return recognise_format(labels).read({labels, 0, 0, 1 << 20}).pixels.at<float>(48, x);
    };
    EXPECT_EQ(label_at("b", 20), label_at("c", 20)) << "crystal, joint " << joint;
    EXPECT_EQ(label_at("b", 145), label_at("c", 145)) << "glass, joint " << joint;
    EXPECT_NE(label_at("b", 20), label_at("b", 145));
  }
}

TEST_F(Verbs, WithoutAPixelSizeNanometresAreEmptyAndNumbersStay) {
  write("a.npy", film(0.5));
  ASSERT_EQ(series({path("a.npy") + "=0.1"}), 0) << err;
  const std::vector<std::string> lines = split_lines(test::slurp(folder / "out/series.csv"));
  EXPECT_THAT(lines[1], HasSubstr(",0.1,0,0,,,,,,,,,"));
}

TEST_F(Verbs, AFailedImageIsSaidAndTheOthersMakeTheSeries) {
  write("a.npy", film(0.5));
  write("b.npy", film(0.5, 2));
  std::ofstream(folder / "bad.npy") << "nothing";
  EXPECT_EQ(series({path("a.npy") + "=0", path("bad.npy") + "=0.1", path("b.npy") + "=0.2"}), 1);
  EXPECT_EQ(series_json()["images"].size(), 2U);
  EXPECT_THAT(series_json()["notes"].dump(), HasSubstr("bad.npy failed"));
}

TEST_F(Verbs, ResumeDoesNotOpenTheEncoderAgainAndGivesTheSameBytes) {
  write("a.npy", film(0.5));
  write("b.npy", film(0.5, 2));
  const std::vector<std::string> arguments{path("a.npy") + "=0", path("b.npy") + "=0.1"};
  ASSERT_EQ(series(arguments), 0) << err;
  const std::string before = test::slurp(folder / "out/series.json"),
                    page = test::slurp(folder / "out/series.html");
  EXPECT_EQ(series(arguments), 2) << "results are never overwritten unasked";
  opened = 0;
  std::vector<std::string> again = arguments;
  again.push_back("--resume");
  ASSERT_EQ(series(again), 0) << err;
  EXPECT_EQ(opened, 0);
  EXPECT_EQ(test::slurp(folder / "out/series.json"), before);
  EXPECT_EQ(test::slurp(folder / "out/series.html"), page);
}

TEST_F(Verbs, WrongSeriesAreOneSentence) {
  write("a.npy", film(0.5));
  const auto csv = [&](const std::string& text) {
    std::ofstream(folder / "s.csv") << text;
    return path("s.csv");
  };
  EXPECT_EQ(series({csv("picture,dose_dpa\na.npy,1\n")}), 2);
  EXPECT_THAT(err, HasSubstr("no column named image: its header is 'picture,dose_dpa'"));
  EXPECT_EQ(series({csv("image,dose_dpa\n\n# one too many\na.npy,\"0,1\"\n")}), 2);
  EXPECT_THAT(err, HasSubstr("line 4: the dose '0,1' is not a number of 0 or more: write it with a "
                             "decimal point"));
  EXPECT_EQ(series({csv("image,dose_dpa\na.npy,much\n")}), 2);
  EXPECT_THAT(err, HasSubstr("'much'"));
  EXPECT_EQ(series({csv("image,dose_dpa\na.npy,-1\n")}), 2);
  EXPECT_EQ(series({csv("image,dose_dpa\n")}), 2);
  EXPECT_EQ(series({path("missing.csv")}), 2);
  EXPECT_EQ(series({path("a.npy") + "=nan", path("b.npy") + "=1"}), 2);
  EXPECT_EQ(series({path("a.npy"), path("b.npy") + "=1"}), 2);
  EXPECT_EQ(series({path("a.npy") + "=1", "--growth-direction", "up"}), 2);
  EXPECT_EQ(series({path("gone.npy") + "=1"}), 3);
  EXPECT_EQ(run({"series", "--output", path("out")}), 2);
}

// --- watch
// ---------------------------------------------------------------------------------------------------------------

class Watching : public Verbs {
 protected:
  std::thread worker;
  int code = -1;

  void SetUp() override {
    Verbs::SetUp();
    fs::create_directories(folder / "in");
  }
  void start(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"watch", path("in")});
    more.insert(more.end(), {"--output", path("out"), "--threads", "1", "--cut", "mean",
                             "--graphml", "none", "--settle", "0.4"});
    worker = std::thread([this, more] { code = run(more); });
  }
  void stop(int signal) {
    stop_signal = signal;
    worker.join();
    EXPECT_EQ(code, 128 + signal) << err;
  }
  bool comes(const std::string& name, double seconds = 60) const {
    for (int i = 0; i < seconds * 50; ++i) {
      if (fs::exists(folder / "out" / name)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  void arrive(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder / "in" / name, std::ios::binary) << bytes;
  }
};

TEST_F(Watching, TakesWhatIsThereWhatIsWrittenAndWhatIsRenamedIn) {
  arrive("early.npy", test::npy(film(0.5, 1)));
  start();
  ASSERT_TRUE(comes("early/DONE.json"));
  arrive("written.npy", test::npy(film(0.5, 2)));
  arrive("transfer.tmp", test::npy(film(0.5, 3)));
  ASSERT_TRUE(comes("written/DONE.json"));
  fs::rename(folder / "in/transfer.tmp", folder / "in/renamed.npy");
  ASSERT_TRUE(comes("renamed/DONE.json"));
  ASSERT_TRUE(comes("watch.html"));
  stop(SIGTERM);
  EXPECT_FALSE(fs::exists(folder / "out/transfer"));
  EXPECT_EQ(opened, 1) << "the model is kept warm";
  const json run = json::parse(test::slurp(folder / "out/run.json"));
  ASSERT_EQ(run["images"].size(), 3U);
  EXPECT_GT(run["images"][1]["latency_s"], 0);
}

TEST_F(Watching, AFileStillBeingWrittenIsNotRead) {
  start();
  const std::string bytes = test::npy(film(0.5));
  std::ofstream file(folder / "in/slow.npy", std::ios::binary);
  for (std::size_t part = 0; part < 4; ++part) {
    file << bytes.substr(part * bytes.size() / 4,
                         (part + 1) * bytes.size() / 4 - part * bytes.size() / 4)
         << std::flush;
    std::this_thread::sleep_for(
        std::chrono::milliseconds(700));  // longer than --settle: only the open file tells
    EXPECT_FALSE(fs::exists(folder / "out/slow")) << part;
  }
  file.close();
  ASSERT_TRUE(comes("slow/DONE.json"));
  stop(SIGINT);
  EXPECT_THAT(err, testing::Not(HasSubstr("error: slow"))) << "it was never read half";
}

TEST_F(Watching, BadFilesAreSaidOnceAndRemovedOnesForgotten) {
  arrive("bad.npy", "nothing of the kind");
  arrive("gone.npy", test::npy(film(0.5)));
  fs::remove(folder / "in/gone.npy");
  arrive("good.npy", test::npy(film(0.5)));
  start();
  ASSERT_TRUE(comes("good/DONE.json"));
  std::this_thread::sleep_for(
      std::chrono::milliseconds(2500));  // it looks at the folder again meanwhile
  stop(SIGTERM);
  std::size_t said = 0;
  for (const std::string& line : split_lines(err))
    said += line.find("bad.npy") != std::string::npos;
  EXPECT_EQ(said, 1U) << err;
  EXPECT_FALSE(fs::exists(folder / "out/bad"));
}

TEST_F(Watching, PicksUpWhereItStopped) {
  arrive("a.npy", test::npy(film(0.5)));
  start({"--once"});
  worker.join();
  ASSERT_EQ(code, 0) << err;
  const auto time = fs::last_write_time(folder / "out/a/DONE.json");
  arrive("b.npy", test::npy(film(0.5, 2)));
  start({"--once", "--poll"});
  worker.join();
  ASSERT_EQ(code, 0) << err;
  EXPECT_TRUE(fs::exists(folder / "out/b/DONE.json"));
  EXPECT_EQ(fs::last_write_time(folder / "out/a/DONE.json"), time) << "not done again";
}

TEST_F(Watching, AFolderThatIsNotThereIsSaid) {
  EXPECT_EQ(run({"watch", path("nowhere"), "--output", path("out")}), 3);
  EXPECT_THAT(err, HasSubstr("nowhere"));
  EXPECT_EQ(run({"watch", path("in"), "--output", path("in")}), 2);
  EXPECT_EQ(run({"watch", "--output", path("out")}), 2);
}

}  // namespace
}  // namespace metamict::app
