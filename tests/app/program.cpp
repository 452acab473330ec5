// SPDX-License-Identifier: GPL-3.0-or-later
// The whole program in process, with a fake encoder: what scripts rely on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>

#include "base/system/machine.hpp"
#include "metamict/errors.hpp"
#include "support/program_fixture.hpp"

namespace metamict::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class Program : public test::ProgramFixture {
 protected:
  void SetUp() override {
    ProgramFixture::SetUp();
    write("film.npy",
          test::draw_lattice({.rows = 128, .cols = 160, .period_px = 8, .amorphous_from = 0.5}));
  }

  int segment(std::vector<std::string> more) {
    more.insert(more.begin(), "segment");
    more.insert(more.end(), {"--output", out_folder().string(), "--threads", "1"});
    return run(more);
  }
  std::string film() const { return path("film.npy"); }
  fs::path out_folder() const { return folder / "out"; }
  json report(const std::string& stem = "film") const {
    return json::parse(test::slurp(out_folder() / stem / "report.json"));
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    if (fs::exists(out_folder()))
      for (const auto& entry : fs::recursive_directory_iterator(out_folder()))
        if (entry.is_regular_file()) all.push_back(fs::relative(entry.path(), out_folder()));
    std::sort(all.begin(), all.end());
    return all;
  }
  void expect_refused(int code, const std::string& sentence) {
    EXPECT_THAT(err, HasSubstr(sentence)) << "exit code " << code;
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
    EXPECT_EQ(out, "");
  }
};

TEST_F(Program, HelpAndVersionGoToStdoutAndLoadNoModel) {
  for (const std::string verb : {"", "segment", "inspect", "evaluate"}) {
    std::vector<std::string> arguments{"--help"};
    if (!verb.empty()) arguments.insert(arguments.begin(), verb);
    EXPECT_EQ(run(arguments), 0);
    EXPECT_THAT(out, HasSubstr("--help"));
    EXPECT_EQ(err, "");
  }
  EXPECT_EQ(run({"--version"}), 0);
  for (const char* library : {"LibTorch", "OpenCV", "Eigen", "igraph", "BLAS", "CPU capability"})
    EXPECT_THAT(out, HasSubstr(library));
  EXPECT_EQ(opened, 0);
}

TEST_F(Program, HelpNamesEveryOptionOfTheContractWithItsDefault) {
  ASSERT_EQ(run({"segment", "--help"}), 0);
  for (const char* option :
       {"chip-size",  "stride",      "pixel-size",   "lattice-nm",  "dataset",       "frame",
        "encoder",    "device",      "precision",    "normalise",   "cut",           "primary",
        "similarity", "edge-weight", "mode-bins",    "communities", "engine",        "embedding",
        "resolution", "seed",        "runs",         "min-chips",   "vote",          "graphml",
        "write",      "manifest",    "max-pixels",   "spill",       "trust-encoder", "threads",
        "max-memory", "config",      "print-config", "dry-run",     "resume",        "overwrite",
        "fail-fast",  "quiet",       "verbose",      "json",        "log-file",      "no-color"})
    EXPECT_THAT(out, HasSubstr("--" + std::string(option)));
}

TEST_F(Program, WrongUsageIsOneSentenceAndExitCode2) {
  struct Case {
    std::vector<std::string> arguments;
    std::string sentence;
  };
  const Case cases[] = {{{"--chip-sze", "40"}, "--chip-sze"},
                        {{"--cut", "1.5"}, "outside [0, 1]"},
                        {{"--cut", "nan"}, "neither mean"},
                        {{"--cut", "mode,mode"}, "given twice"},
                        {{"--cut", "mod"}, "'mod'"},
                        {{"--stride", "0"}, "above 0"},
                        {{"--runs", "0"}, "between 1"},
                        {{"--runs", "2.5"}, "whole number"},
                        {{"--resolution", "inf"}, "not a number"},
                        {{"--resolution", "0"}, "above 0"},
                        {{"--resolution", "-1"}, "above 0"},
                        {{"--chip-size", "40", "--stride", "41"}, "at most the chip size"},
                        {{"--spill", "nowhere/at/all"}, "nowhere/at/all"},
                        {{"--lattice-nm", "0"}, "above 0"},
                        {{"--mode-bins", "1"}, "between 2"},
                        {{"--pixel-size", "3 parsec"}, "nm, pm, A or um"},
                        {{"--device", "tpu"}, "cpu or cuda"},
                        {{"--write", "everything"}, "scores or hspy"},
                        {{"--resume", "--overwrite"}, "exclude"},
                        {{"--min-chips", "-1"}, "between 1"},
                        {{"--max-memory", "lots"}, "not a number"},
                        {{"--vote", "loud"}, "tent or uniform"}};
  for (const Case& one : cases) {
    std::vector<std::string> arguments = one.arguments;
    arguments.push_back(film());
    const int code = segment(arguments);
    EXPECT_EQ(code, 2) << one.sentence;
    expect_refused(code, one.sentence);
  }
  EXPECT_EQ(run({"segment", film()}), 2);
  EXPECT_EQ(run({"segment", "--output", "x"}), 2);
  expect_refused(run({"segmnt", film(), "--output", "x"}), "there is no verb 'segmnt'");
  expect_refused(run({film()}), "there is no verb");
  expect_refused(segment({film(), "-o", "x"}), "there is no option -o");
  expect_refused(segment({film(), "--threads", "2"}), "--threads is given more than once");
  expect_refused(run({"segment", film(), "--output"}), "--output needs a value");
  expect_refused(run({"evaluate", film(), film(), film()}), "'" + film() + "' is one more than");
  EXPECT_EQ(run({}), 2);
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(opened, 0) << "what is wrong in a line is said before any work";
}

TEST_F(Program, EveryFileOfTheContractIsThereAndNothingElseIsLeft) {
  ASSERT_EQ(segment({film(), "--write", "embeddings,scores"}), 0) << err;
  const auto all = files();
  for (const char* name :
       {"run.toml", "run.json", "film/report.json", "film/report.html", "film/similarity.png",
        "film/chips.csv", "film/DONE.json", "film/embeddings.npy", "film/scores.npy",
        "film/mode/labels.tif", "film/mode/overlay.png", "film/mode/graph.graphml",
        "film/mode/graph.png", "film/mean/labels.tif", "film/median/labels.tif"})
    EXPECT_THAT(all, testing::Contains(fs::path(name)));
  for (const fs::path& file : all) EXPECT_NE(file.extension(), ".part");
  EXPECT_EQ(out, "") << "stdout holds only what was asked for";

  const json run = json::parse(test::slurp(out_folder() / "run.json"));
  ASSERT_EQ(run["images"].size(), 1U);
  EXPECT_EQ(run["images"][0]["status"], "done");
  EXPECT_GT(run["images"][0]["seconds"]["total"], 0);
  EXPECT_GT(run["images"][0]["peak_memory_bytes"], 1 << 20);
}

TEST_F(Program, ReportHoldsTheKeysOfTheContract) {
  ASSERT_EQ(segment({film()}), 0) << err;
  const json r = report();
  EXPECT_EQ(r["image"]["rows"], 128);
  EXPECT_EQ(r["image"]["cols"], 160);
  EXPECT_TRUE(r["image"]["nm_per_pixel"].is_null());
  EXPECT_NEAR(r["image"]["lattice_period_px"], 8, 0.24);
  EXPECT_EQ(r["encoder"]["features"], 16);
  const std::size_t chips = r["grid"]["chips"];
  EXPECT_EQ(r["similarity"]["pairs"], chips * (chips - 1) / 2);
  for (const char* key : {"mean", "median", "mode", "min_cosine", "max_cosine"})
    EXPECT_TRUE(r["similarity"][key].is_number()) << key;
  for (const char* rule : {"mean", "median", "mode"}) {
    const json& one = r["rules"][rule];
    EXPECT_EQ(one["kind"], "threshold");
    EXPECT_DOUBLE_EQ(one["cut"], r["similarity"][rule]);
    std::uint64_t area = 0;
    for (const json& region : one["regions"]) area += region["area_px"].get<std::uint64_t>();
    EXPECT_LE(area, 128U * 160U);
  }
}

TEST_F(Program, SameRunGivesTheSameBytesWhateverTheThreads) {
  ASSERT_EQ(segment({film()}), 0) << err;
  std::map<fs::path, std::string> first;
  for (const fs::path& file : files()) first[file] = test::slurp(out_folder() / file);
  ASSERT_EQ(
      run({"segment", film(), "--output", out_folder().string(), "--overwrite", "--threads", "3"}),
      0)
      << err;
  for (const auto& [file, bytes] : first)
    if (file.filename() != "run.json" && file.filename() != "run.toml") {
      EXPECT_EQ(test::slurp(out_folder() / file), bytes) << file;
    }
}

TEST_F(Program, ExistingResultsAreKeptUnlessAskedOtherwise) {
  ASSERT_EQ(segment({film()}), 0);
  opened = 0;
  EXPECT_EQ(segment({film()}), 2);
  expect_refused(2, "--overwrite");
  EXPECT_EQ(segment({film(), "--resume"}), 0);
  EXPECT_EQ(opened, 0) << "a finished image needs no encoder";
  EXPECT_EQ(segment({film(), "--resume", "--seed", "2"}), 0);
  EXPECT_EQ(opened, 1) << "other options: done again";

  std::ofstream(out_folder() / "film" / "mode" / "labels.tif", std::ios::app) << "x";
  EXPECT_EQ(segment({film(), "--resume", "--seed", "2"}), 0);
  EXPECT_EQ(opened, 2) << "a damaged output: done again";
  std::ofstream(out_folder() / "film" / "my-notes.txt") << "mine";
  EXPECT_EQ(segment({film(), "--overwrite", "--cut", "mean"}), 0);
  EXPECT_FALSE(fs::exists(out_folder() / "film" / "mode")) << "stale files of the earlier run go";
  EXPECT_TRUE(fs::exists(out_folder() / "film" / "my-notes.txt")) << "the user's own stay";
}

TEST_F(Program, OneBadImageNeverStopsTheOthers) {
  std::ofstream(folder / "broken.tif") << "II*";
  std::ofstream(folder / "empty.tif");
  cv::Mat flat(64, 64, CV_32FC1, cv::Scalar(3));
  write("flat.npy", flat);
  flat.at<float>(5, 7) = std::numeric_limits<float>::quiet_NaN();
  write("nan.npy", flat);
  write("tiny.npy", test::draw_lattice({.rows = 12, .cols = 12, .period_px = 4}));
  const std::vector<std::string> bad = {
      (folder / "broken.tif").string(), (folder / "empty.tif").string(),
      (folder / "flat.npy").string(), (folder / "nan.npy").string(),
      (folder / "missing.tif").string()};
  std::vector<std::string> arguments = bad;
  arguments.insert(arguments.begin() + 2, film());
  EXPECT_EQ(segment(arguments), 1);
  EXPECT_TRUE(fs::exists(out_folder() / "film" / "DONE.json"));
  const json run_json = json::parse(test::slurp(out_folder() / "run.json"));
  for (const json& image : run_json["images"]) {
    const bool good = image["stem"] == "film";
    EXPECT_EQ(image["status"], good ? "done" : "failed");
    EXPECT_EQ(fs::exists(out_folder() / image["stem"].get<std::string>()), good) << image["stem"];
  }
  fs::remove_all(out_folder());
  EXPECT_EQ(segment(bad), 3);
  EXPECT_EQ(segment({(folder / "tiny.npy").string(), "--chip-size", "16"}), 3);
  EXPECT_THAT(err, HasSubstr("tiny.npy"));
}

TEST_F(Program, EachFailureHasItsExitCode) {
  EXPECT_EQ(segment({film(), "--max-memory", "1M"}), 5);
  EXPECT_THAT(err, HasSubstr("--stride"));
  EXPECT_EQ(segment({film(), "--overwrite", "--max-memory", "100"}), 5);
  EXPECT_THAT(err, HasSubstr("but 100 bytes may be used"));
  EXPECT_EQ(segment({film(), "--overwrite", "--encoder", (folder / "none.pt").string()}), 4);
  std::ofstream(folder / "file") << "in the way";
  EXPECT_EQ(run({"segment", film(), "--output", (folder / "file" / "out").string()}), 6);
  stop_signal = SIGTERM;
  EXPECT_EQ(segment({film(), "--overwrite"}), 143);
  stop_signal = SIGINT;
  EXPECT_EQ(segment({film(), "--overwrite"}), 130);
  stop_signal = 0;
  for (const fs::path& file : files())
    EXPECT_TRUE(file == "run.toml" || file == "run.json" || file == "summary.csv" ||
                file == "index.html")
        << file;
}

TEST_F(Program, TwoImagesWithOneStemAreRefusedBeforeStarting) {
  fs::create_directories(folder / "other");
  fs::copy_file(film(), folder / "other" / "film.npy");
  EXPECT_EQ(segment({film(), (folder / "other" / "film.npy").string()}), 2);
  expect_refused(2, "film");
  EXPECT_EQ(segment({film(), (folder / "other" / ".." / "film.npy").string()}), 2);
  expect_refused(2, "given twice");
  EXPECT_EQ(opened, 0);
}

TEST_F(Program, ConfigFileStandsBetweenDefaultsAndTheCommandLine) {
  std::ofstream(folder / "c.toml") << "cut = \"median\"\nseed = 7\n";
  ASSERT_EQ(
      segment({film(), "--config", (folder / "c.toml").string(), "--seed", "9", "--print-config"}),
      0)
      << err;
  EXPECT_THAT(out, HasSubstr("cut = \"median\""));
  EXPECT_THAT(out, HasSubstr("seed = \"9\""));
  std::ofstream(folder / "c.toml") << "cuts = \"median\"\n";
  EXPECT_EQ(segment({film(), "--config", (folder / "c.toml").string()}), 2);
  expect_refused(2, "unknown key 'cuts'");
  std::ofstream(folder / "c.toml") << "[section]\ncut = \"median\"\n";
  EXPECT_EQ(segment({film(), "--config", (folder / "c.toml").string()}), 2);
}

TEST_F(Program, RunTomlRepeatsTheRun) {
  ASSERT_EQ(segment({film(), "--cut", "mean,0.25", "--seed", "5", "--chip-size", "40"}), 0) << err;
  const std::string labels = test::slurp(out_folder() / "film" / "0.25" / "labels.tif");
  ASSERT_EQ(run({"segment", "--config", (out_folder() / "run.toml").string(), film(), "--output",
                 (folder / "again").string()}),
            0)
      << err;
  EXPECT_EQ(test::slurp(folder / "again" / "film" / "0.25" / "labels.tif"), labels);
  EXPECT_EQ(test::slurp(folder / "again" / "run.toml"), test::slurp(out_folder() / "run.toml"));
}

TEST_F(Program, PrimaryThatIsNotAmongTheCutsBecomesTheLastWithANote) {
  ASSERT_EQ(segment({film(), "--cut", "mean,median", "--primary", "mode"}), 0) << err;
  EXPECT_EQ(report()["primary"], "median");
  EXPECT_THAT(report()["notes"].dump(), HasSubstr("primary"));
}

TEST_F(Program, ManifestNamesImagesByLineOrByColumn) {
  std::ofstream(folder / "list.txt") << "film.npy\n";
  ASSERT_EQ(segment({"--manifest", (folder / "list.txt").string()}), 0) << err;
  std::ofstream(folder / "list.csv") << "dose_dpa,image\r\n0.1,\"film.npy\"\r\n";
  ASSERT_EQ(segment({"--manifest", (folder / "list.csv").string(), "--overwrite"}), 0) << err;
  std::ofstream(folder / "list.csv") << "dose_dpa,picture\n0.1,film.npy\n";
  EXPECT_EQ(segment({"--manifest", (folder / "list.csv").string(), "--overwrite"}), 2);
}

TEST_F(Program, OpenCVsOwnThreadsAreNotMoreThanAskedFor) {
  for (const int threads : {1, 2}) {
    ASSERT_EQ(run({"segment", film(), "--output", out_folder().string(), "--overwrite", "--threads",
                   std::to_string(threads), "--chip-size", "32"}),
              0)
        << err;
    EXPECT_EQ(cv::getNumThreads(), threads);
  }
}

TEST_F(Program, TheLogFileSaysWhatStandardErrorSays) {
  ASSERT_EQ(segment({film(), "--primary", "mean", "--cut", "mode", "--log-file", path("run.log")}),
            0)
      << err;
  const std::string log = test::slurp(path("run.log"));
  std::istringstream lines(err);
  int said = 0;
  for (std::string line; std::getline(lines, line); ++said)
    if (line.starts_with("note: ")) {
      EXPECT_THAT(log, HasSubstr(line));
    }
  EXPECT_GT(said, 1);
  EXPECT_THAT(log, testing::ContainsRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T"));
  expect_refused(segment({film(), "--overwrite", "--log-file", path("models")}),
                 "models cannot be opened");
}

TEST_F(Program, DryRunWritesNothingAndOpensNoEncoder) {
  EXPECT_EQ(segment({film(), "--dry-run"}), 0);
  EXPECT_THAT(out, HasSubstr("128 x 160"));
  EXPECT_EQ(opened, 0);
  EXPECT_FALSE(fs::exists(out_folder()));
}

TEST_F(Program, UsesTheWholeMachineUnlessToldOtherwise) {
  ASSERT_EQ(run({"segment", film(), "--output", out_folder().string(), "--dry-run"}), 0) << err;
  EXPECT_THAT(out, testing::EndsWith(", threads: " + std::to_string(machine_threads()) + "\n"));
  ASSERT_EQ(
      run({"segment", film(), "--output", out_folder().string(), "--dry-run", "--threads", "7"}), 0)
      << err;
  EXPECT_THAT(out, testing::EndsWith(", threads: 7\n"));
}

TEST_F(Program, InspectTellsWhatSegmentWouldDo) {
  ASSERT_EQ(run({"inspect", "--json", film(), (folder / "missing.tif").string()}), 1);
  const json all = json::parse(out);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["datasets"][0]["dtype"], "float32");
  EXPECT_NEAR(all[0]["lattice_period_px"], 8, 0.24);
  EXPECT_NEAR(all[0]["chip_size_px"], 32, 1);
  EXPECT_TRUE(all[0]["error"].is_null());
  EXPECT_TRUE(all[1]["error"].is_string());
  EXPECT_EQ(run({"inspect", (folder / "missing.tif").string()}), 3);
  ASSERT_EQ(run({"inspect", film()}), 0);
  EXPECT_THAT(out, AllOf(HasSubstr("image: 128 x 160 (rows x cols), float32, pixel size unknown"),
                         HasSubstr("<- segment takes this"), HasSubstr("lattice period"),
                         HasSubstr(all[0]["chips"].dump() + " chips, about ")));
}

TEST_F(Program, EvaluateComparesLabelMaps) {
  ASSERT_EQ(segment({film()}), 0);
  const std::string labels = (out_folder() / "film" / "mean" / "labels.tif").string();
  ASSERT_EQ(run({"evaluate", labels, labels, "--json"}), 0) << err;
  EXPECT_DOUBLE_EQ(json::parse(out)["ari"], 1);
  EXPECT_DOUBLE_EQ(json::parse(out)["mean_iou"], 1);
  ASSERT_EQ(run({"evaluate", labels, labels}), 0) << err;
  EXPECT_THAT(out, AllOf(HasSubstr("ARI 1.0000  mean IoU 1.0000  (20480 pixels)\n"),
                         HasSubstr("  truth   1  label   1  IoU 1.0000\n")));
  write("one.npy", cv::Mat::ones(128, 160, CV_32FC1));
  ASSERT_EQ(run({"evaluate", path("one.npy"), labels}), 0) << err;
  EXPECT_THAT(out, HasSubstr("no label   IoU 0\n"));
  const cv::Mat grey = test::draw_lattice({.rows = 128, .cols = 160, .period_px = 8}) * 0.37;
  write("grey.npy", grey);
  EXPECT_EQ(run({"evaluate", labels, (folder / "grey.npy").string()}), 3)
      << "grey values are no labels";
}

TEST_F(Program, CompletionAndManualComeFromTheParserItself) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    ASSERT_EQ(run({"--completion", shell}), 0);
    EXPECT_THAT(out, HasSubstr("chip-size"));
  }
  EXPECT_EQ(run({"--completion", "tcsh"}), 2);
  ASSERT_EQ(run({"--man"}), 0);
  EXPECT_THAT(out, HasSubstr(".TH METAMICT"));
}

TEST_F(Program, ControlCharactersOfAFileNameDoNotReachTheTerminal) {
  EXPECT_EQ(segment({(folder / "a\033[31mb.tif").string()}), 3);
  EXPECT_EQ(err.find('\033'), std::string::npos);
}

}  // namespace
}  // namespace metamict::app
