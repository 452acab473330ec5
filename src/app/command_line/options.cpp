// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line/options.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <functional>
#include <sstream>
#include <tuple>

#include "app/command_line/completion.hpp"
#include "app/command_line/sample_series.hpp"
#include "app/command_line/values.hpp"
#include "base/system/machine.hpp"
#include "base/text.hpp"
#include "graph/chip_sample.hpp"
#include "metamict/errors.hpp"
#include "rules/rules.hpp"

namespace metamict::app {

namespace {

using Setter = std::function<void(const std::string& value)>;
using Names = std::vector<std::string>;

/// These options cannot change a result, so DONE.json's hash of the options leaves them out.
/// DONE.json holds the encoder's own hash.
const Names result_neutral = {"threads", "max-memory",    "spill",
                              "device",  "trust-encoder", "encoder"};

/// Declares the options of one subcommand, each once with its default, its help and what its value
/// sets.
class Declaration {
 public:
  explicit Declaration(CLI::App& app) : app_(app) {}

  void value(const std::string& name, const std::string& shown_default, const std::string& help,
             const Setter& set, const std::string& type = "TEXT") {
    app_.add_option_function<std::string>("--" + name, set, help)
        ->default_str(shown_default)
        ->type_name(type);
  }
  void choice(const std::string& name, const std::string& shown_default, const Names& names,
              const std::string& help, const std::function<void(std::size_t)>& set) {
    std::string type;
    for (const std::string& one : names) type += (type.empty() ? "" : "|") + one;
    value(
        name, shown_default, help,
        [=](const std::string& text) { set(parse_choice("--" + name, text, names)); }, type);
  }
  CLI::Option* flag(const std::string& name, bool& target, const std::string& help) {
    return app_.add_flag("--" + name, target, help);
  }

 private:
  CLI::App& app_;
};

template <class Enum>
std::function<void(std::size_t)> into(Enum& target) {
  return [&target](std::size_t index) { target = static_cast<Enum>(index); };
}

void declare_common(CLI::App& app, CommonOptions& common) {
  app.get_formatter()->column_width(34);
  app.add_flag("--quiet", common.quiet, "Print errors only");
  app.add_flag("--verbose", common.verbose, "Print the seconds of each stage, too");
  app.add_flag("--json", common.json, "Print results as JSON on standard output");
  app.add_flag("--no-color", common.no_color, "Print no colours on a terminal");
  app.add_option("--log-file", common.log_file, "Write the log to this file, too")
      ->type_name("FILE");
}

void declare_reading(Declaration& declare, SegmentOptions& options) {
  declare.value(
      "pixel-size", "from the file",
      "Edge of a pixel with its unit (nm, pm, A or um), for example 0.0213nm",
      [&](const std::string& text) {
        options.load.nm_per_pixel = parse_length_nm("--pixel-size", text);
      },
      "LENGTH");
  declare.value(
      "lattice-nm", "measured", "Lattice period in nm, used in place of the measured one",
      [&](const std::string& text) {
        options.chips.lattice_nm = parse_length_nm("--lattice-nm", text);
      },
      "NM");
  declare.value(
      "chip-size", "auto", "Edge of a chip in pixels of the image. auto is four lattice periods",
      [&](const std::string& text) {
        options.chips.chip_size_px.reset();
        if (text == "auto") return;
        options.chips.chip_size_px = parse_number("--chip-size", text);
      },
      "auto|PX");
  declare.value(
      "stride", "auto", "Step between chips in pixels of the image. auto is a quarter of a chip",
      [&](const std::string& text) {
        options.chips.stride_px.reset();
        if (text == "auto") return;
        options.chips.stride_px = parse_number("--stride", text);
        if (*options.chips.stride_px <= 0)
          throw UsageError("--stride is " + text + " px but must be above 0");
      },
      "auto|PX");
  declare.value("dataset", "HAADF, else the first image",
                "Dataset to read, by its name, its number or its detector",
                [&](const std::string& text) { options.load.dataset = text; });
  declare.value(
      "frame", "0", "Frame of a stack: its index, counted from 0, or mean for the mean of all",
      [&](const std::string& text) {
        if (text != "mean") (void)parse_whole("--frame", text, 0, 1 << 30);
        options.load.frame = text;
      },
      "INDEX|mean");
  declare.value(
      "crop", "none",
      "Look at this part of the image only: its upper left corner, width and height in pixels. The "
      "label map keeps the image's size",
      [&](const std::string& text) { options.load.crop = parse_crop("--crop", text); }, "X,Y,W,H");
  declare.value(
      "mask", "none",
      "Image of the same size whose 0 is not looked at. Chips that touch it are left out",
      [&](const std::string& text) { options.load.mask = text; }, "FILE");
  declare.value(
      "hide", "none",
      "Parts that are not looked at, as by --mask, in pixels: X,Y,W,H, several separated by ;",
      [&](const std::string& text) {
        options.load.hidden.clear();
        for (const std::string& part : split(text, ';'))
          options.load.hidden.push_back(parse_crop("--hide", part));
      },
      "X,Y,W,H");
  declare.value(
      "maps", "none",
      "Element maps of the same place, as counts or atomic percent: one file with all of them, "
      "EL=FILE,EL=FILE, or EL,EL,EL=FILE for a stack; or a spectrum image (HyperSpy, NCEM)",
      [&](const std::string& text) {
        (void)files_of_maps(text);
        options.load.maps.files = text;
      },
      "FILES");
  declare.value(
      "maps-offset", "what the files say",
      "Upper left corner of the element maps in the image, in nm or px: 3px,-2px",
      [&](const std::string& text) {
        const std::vector<std::string> parts = split(text, ',');
        if (parts.size() != 2)
          throw UsageError("--maps-offset is '" + text + "' but must be X,Y, each in nm or px");
        options.load.maps.offset = {parse_maps_length("--maps-offset", parts[0]),
                                    parse_maps_length("--maps-offset", parts[1])};
      },
      "X,Y");
  declare.value(
      "maps-scale", "what the files say",
      "Edge of a pixel of the element maps, such as 0.096nm, or 4px of the image",
      [&](const std::string& text) {
        options.load.maps.scale = parse_maps_length("--maps-scale", text);
        if (options.load.maps.scale->value <= 0)
          throw UsageError("--maps-scale is " + text + " but must be above 0");
      },
      "LENGTH");
  declare.value(
      "max-pixels", std::to_string(options.load.max_pixels),
      "Refuse images of more pixels than this",
      [&](const std::string& text) {
        options.load.max_pixels =
            static_cast<std::uint64_t>(parse_whole("--max-pixels", text, 1, std::int64_t{1} << 40));
      },
      "N");
}

void declare_encoder(Declaration& declare, SegmentCommand& command) {
  EncoderOptions& encoder = command.encoder;
  declare.value(
      "encoder", "the one that ships",
      "TorchScript file of the encoder. Its sidecar has the same name, ending in .json",
      [&](const std::string& text) { encoder.model = text; }, "FILE");
  declare.value(
      "device", "auto", "Device that runs the encoder: auto, cpu or cuda[:N]",
      [&](const std::string& text) {
        const bool cuda = text == "cuda" || (text.starts_with("cuda:") &&
                                             parse_whole("--device", text.substr(5), 0, 255) >= 0);
        if (!cuda && text != "auto" && text != "cpu")
          throw UsageError("--device '" + text + "' is not known: give auto, cpu or cuda[:N]");
        encoder.device = text;
      });
  declare.choice("precision", "auto", {"auto", "float32", "bfloat16", "int8"},
                 "Number type of the encoder. auto is bfloat16 with AMX, else float32. int8 is "
                 "calibrated on each "
                 "image; with VNNI it is three times as fast as float32",
                 into(encoder.precision));
  declare.choice("embedding", "auto", {"auto", "chip", "shared"},
                 "chip embeds each chip by itself, as the paper does. shared pools all chips from "
                 "one pass over the image: eight "
                 "times as fast, as good for large plain regions, worse for small or similar ones. "
                 "auto is what the encoder's sidecar asks for, else chip",
                 into(encoder.embedding));
  declare.choice("normalise", "image", {"image", "chip"},
                 "Standardise grey levels over the whole image, or chip by chip",
                 into(command.options.normalise));
  declare.flag(
      "trust-encoder", encoder.trust,
      "Load a model whose hash is not known. A model file is code that runs with your rights");
}

void declare_graph(Declaration& declare, SegmentCommand& command) {
  SegmentOptions& options = command.options;
  std::string derived;
  for (const DerivedRule& rule : derived_rules())
    derived += ", " + std::string(rule.name) + (rule.takes_count ? ":K" : "");
  std::string cuts;
  for (const std::string& name : options.rules.cuts) cuts += (cuts.empty() ? "" : ",") + name;
  declare.value(
      "cut", cuts,
      "Rules that draw a map, separated by commas: mean, median, mode, any number in [0, 1]" +
          derived,
      [&](const std::string& text) {
        options.rules.cuts = split(text, ',');
        (void)parse_rules(options.rules.cuts);
      },
      "RULES");
  declare.value(
      "primary", options.rules.primary, "Rule whose map the summaries and the series use",
      [&](const std::string& text) { options.rules.primary = text; }, "RULE");
  declare.choice(
      "similarity", "auto", {"auto", "minmax", "raw", "angle"},
      "Scale of the scores. minmax: 0 is the least alike pair of the image, 1 the most "
      "alike, as in the paper. raw: the cosine. angle: like minmax, of the angle between "
      "embeddings. auto is what the encoder's sidecar asks for, else minmax",
      into(options.similarity.scale));
  declare.value(
      "evidence", "both where maps are given",
      "What says how alike two chips are: the image, the element maps, or both",
      [&](const std::string& text) {
        options.similarity.evidence =
            static_cast<Evidence>(parse_choice("--evidence", text, {"image", "maps", "both"}));
      },
      "image|maps|both");
  declare.value(
      "maps-weight", "by their noise",
      "Weight of the element maps in the scores, from 0 to 1; the image has the rest. By their "
      "noise it is 0.5 for maps without noise and 0 for noise alone",
      [&](const std::string& text) {
        options.similarity.maps_weight = parse_number("--maps-weight", text);
        options.similarity.check();
      },
      "X");
  declare.choice("edge-weight", "score", {"score", "unit"},
                 "Weight of an edge: its score, or 1 (unit)", into(options.rules.edge_weight));
  declare.value(
      "mode-bins", "100", "Number of bins in the histogram of scores. Its tallest bin is the mode",
      [&](const std::string& text) {
        options.rules.mode_bins = static_cast<int>(parse_whole("--mode-bins", text, 2, 65536));
      },
      "N");
  declare.choice("graph", "auto", {"auto", "exact", "sample"},
                 "exact builds the graph over all chips. sample builds it over " +
                     std::to_string(sample_chips) +
                     " of them, evenly over the image; the others join it. auto is exact up to " +
                     with_thousands(exact_chips) + " chips and as far as --max-memory allows",
                 into(options.rules.graph));
  declare.value(
      "looks", "auto",
      "Fresh passes of the encoder over the image for the regions' confidence: with half of the "
      "electrons, mirrored, turned, with smaller and larger chips. auto takes only the looks that "
      "need no pass. 0 takes none",
      [&](const std::string& text) {
        options.rules.looks.reset();
        if (text != "auto")
          options.rules.looks = static_cast<int>(parse_whole("--looks", text, 0, 1000));
      },
      "auto|N");
  declare.value(
      "prototypes", "none",
      "Points or strokes of known classes, for the rule prototypes: a CSV with the columns label, "
      "x_px, y_px and perhaps image, or a label image (0 = unknown)",
      [&](const std::string& text) { options.rules.prototypes = text; }, "FILE");
  declare.value(
      "names", "none",
      "CSV with the columns label and name: what the regions of the primary rule are called. "
      "Labels with equal names become one region",
      [&](const std::string& text) { options.rules.names = text; }, "FILE");
  declare.choice("communities", "louvain", {"louvain", "leiden"},
                 "Method that finds the communities", into(options.communities.method));
  declare.choice("engine", "auto", {"auto", "dense", "igraph"},
                 "dense makes the first passes on the score matrix, igraph makes all passes in "
                 "igraph. auto is dense, "
                 "but igraph for leiden on small graphs",
                 into(options.communities.engine));
  declare.value(
      "resolution", "1",
      "Resolution of the modularity. Higher values give more and smaller communities",
      [&](const std::string& text) {
        options.communities.resolution = parse_number("--resolution", text);
        if (options.communities.resolution <= 0)
          throw UsageError("--resolution is " + text + " but must be above 0");
      },
      "X");
  declare.value(
      "seed", "1", "Seed of every random choice",
      [&](const std::string& text) {
        options.communities.seed =
            static_cast<std::uint64_t>(parse_whole("--seed", text, 0, std::int64_t{1} << 62));
      },
      "N");
  declare.value(
      "runs", "5",
      "Runs of the community search. The best is taken. How far all agree is the stability",
      [&](const std::string& text) {
        options.communities.runs = static_cast<int>(parse_whole("--runs", text, 1, 1000));
      },
      "N");
  declare.value(
      "min-chips", "3", "Leave communities of fewer chips unassigned in the map",
      [&](const std::string& text) {
        options.paint.min_chips = static_cast<int>(parse_whole("--min-chips", text, 1, 1 << 30));
      },
      "N");
  declare.choice(
      "vote", "tent", {"tent", "uniform"},
      "Weight of a chip's vote: falling from its centre to its edge (tent), or equal (uniform)",
      into(options.paint.vote));
  declare.choice("borders", "pixels", {"pixels", "votes"},
                 "Borders of derived rules run where the pixels change (pixels), or where the "
                 "votes of chips put them (votes)",
                 into(options.paint.borders));
}

void declare_machine(Declaration& declare, SegmentCommand& command) {
  command.options.resources.threads = machine_threads();
  declare.value(
      "threads", "the machine's", "Number of threads. It never changes a result",
      [&](const std::string& text) {
        command.options.resources.threads =
            static_cast<int>(parse_whole("--threads", text, 1, 4096));
      },
      "N");
  declare.value(
      "max-memory", "the machine's",
      "Refuse an image that needs more memory than this, for example 8G",
      [&](const std::string& text) {
        command.options.resources.max_memory_bytes = parse_bytes("--max-memory", text);
      },
      "SIZE");
  declare.value(
      "spill", "none", "Keep the scores in a file in this folder, not in memory",
      [&](const std::string& text) { command.options.resources.spill = text; }, "DIR");
}

void declare_outputs(Declaration& declare, SegmentCommand& command) {
  OutputOptions& outputs = command.outputs;
  declare.choice("graphml", "auto", {"auto", "full", "backbone", "none"},
                 "Edges in the GraphML file: all, or a backbone. auto is full up to 1,000,000 "
                 "edges, else backbone. "
                 "none writes no file",
                 into(outputs.graphml));
  declare.value(
      "write", "none",
      "Extra files, separated by commas: embeddings, scores, hspy (label and order maps for "
      "HyperSpy)",
      [&](const std::string& text) {
        outputs.embeddings = outputs.scores = outputs.hspy = false;
        bool OutputOptions::*const wanted[] = {&OutputOptions::embeddings, &OutputOptions::scores,
                                               &OutputOptions::hspy};
        for (const std::string& one : split(text, ','))
          if (const std::size_t index =
                  parse_choice("--write", one, {"none", "embeddings", "scores", "hspy"});
              index > 0)
            outputs.*wanted[index - 1] = true;
      },
      "LIST");
  declare.choice("outputs", "all", {"all", "lean"},
                 "lean writes label maps and report.json only, for file systems where the number "
                 "of files counts",
                 [&](std::size_t index) { outputs.lean = index == 1; });
  declare.value(
      "figures", "none", "Overlays and trends as vectors, too, for papers: svg, pdf or both",
      [&](const std::string& text) {
        outputs.svg = outputs.pdf = false;
        for (const std::string& one : split(text, ',')) {
          const std::size_t index = parse_choice("--figures", one, {"none", "svg", "pdf"});
          outputs.svg = outputs.svg || index == 1;
          outputs.pdf = outputs.pdf || index == 2;
        }
      },
      "LIST");
}

/// Applies a config file's flat keys to the options that the command line left alone.
void apply_config(CLI::App& app, const std::filesystem::path& path) {
  for (const auto& [name, value] : read_config(path)) {
    CLI::Option* const option = app.get_option_no_throw("--" + name);
    if (option == nullptr || !option->get_configurable())
      throw UsageError(path.string() + ": unknown key '" + name + "'");
    if (option->count() > 0) continue;
    if (option->get_expected_min() == 0 && value != "true" && value != "false")
      throw UsageError(path.string() + ": " + name + " is '" + value +
                       "' but must be true or false");
    option->add_result(value);
    option->run_callback();
  }
}

/// Lists every configurable option with its effective value. "auto" and the like are values. An
/// option is left out when its default only describes, such as "from the file".
OptionTable effective_options(const CLI::App& app) {
  static const Names descriptive = {"from the file",
                                    "measured",
                                    "HAADF, else the first image",
                                    "the one that ships",
                                    "the machine's",
                                    "what the files say",
                                    "both where maps are given",
                                    "by their noise",
                                    "none",
                                    ""};
  OptionTable table;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_configurable() || option->get_positional() || option->get_lnames().empty())
      continue;
    const bool given = option->count() > 0;
    std::string value =
        given ? CLI::detail::join(option->results(), ",") : option->get_default_str();
    if (!given && std::find(descriptive.begin(), descriptive.end(), value) != descriptive.end())
      continue;
    table.emplace_back(option->get_lnames().front(), value);
  }
  return table;
}

/// The whole parser with the structs it fills.
struct Parser {
  CLI::App app{"Segment STEM-HAADF micrographs into regions of like structure, without labels",
               "metamict"};
  SegmentCommand segment;
  SeriesCommand series;
  WatchCommand watch;
  InspectCommand inspect;
  EvaluateCommand evaluate;
  CompareCommand compare;
  GatherCommand gather;
  std::filesystem::path demo_output = "metamict-demo";
  CommonOptions demo_common;
  std::string dose_column;
  CLI::App* segment_app = nullptr;
  CLI::App* series_app = nullptr;
  CLI::App* watch_app = nullptr;
  CLI::App* compare_app = nullptr;
  std::filesystem::path limits_file;
  std::vector<std::string> series_names;
  std::filesystem::path config;
  std::string completion;
  bool version = false, manual = false;

  Parser();
  void declare_how(CLI::App& verb, SegmentCommand& command);
  void declare_segment();
  void declare_series();
  void declare_watch();
  void declare_inspect();
  void declare_evaluate();
  void declare_compare();
  void declare_gather();
  void declare_demo();
};

Parser::Parser() {
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_help_all_flag("--help-all", "Print the help of every verb");
  app.add_flag(
      "--version", version,
      "Print the versions of the program and its libraries, and the processor's instruction set");
  app.add_option("--completion", completion, "Print a completion script: bash, zsh or fish")
      ->type_name("SHELL");
  app.add_flag("--man", manual, "Print the manual page (roff)");
  app.footer(
      "Exit codes: 0 all done, 1 some images failed, 2 wrong usage, 3 no input readable, 4 model "
      "missing or refused,\n"
      "5 too little memory or disk, 6 output not written, 7 internal error, 130/143 stopped by a "
      "signal.");
  declare_segment();
  declare_series();
  declare_watch();
  declare_inspect();
  declare_evaluate();
  declare_compare();
  declare_gather();
  declare_demo();
}

/// Declares what the three verbs that segment have in common.
void Parser::declare_how(CLI::App& verb, SegmentCommand& command) {
  Declaration declare(verb);
  verb.add_option("--output", command.output,
                  "Folder for the results. It is made if it does not exist")
      ->type_name("DIR")
      ->configurable(false);
  declare_reading(declare, command.options);
  declare_encoder(declare, command);
  declare_graph(declare, command);
  declare_outputs(declare, command);
  declare_machine(declare, command);
  declare
      .flag("resume", command.resume,
            "Skip images that are done with the same input, options and model. Redo the others")
      ->configurable(false);
  declare.flag("overwrite", command.overwrite, "Replace existing results")->configurable(false);
  declare.flag("fail-fast", command.fail_fast, "Stop at the first image that fails")
      ->configurable(false);
  declare.flag("dry-run", command.dry_run, "Print what would be done, then stop")
      ->configurable(false);
  declare
      .flag("print-config", command.print_config,
            "Print the effective options as a config file, then stop")
      ->configurable(false);
  verb.add_option("--config", config,
                  "Read options from this file, one key = value a line, as in run.toml. The "
                  "command line wins")
      ->type_name("FILE")
      ->configurable(false);
  for (const char* name : {"--quiet", "--verbose", "--json", "--no-color", "--log-file"})
    verb.get_option(name)->configurable(false);
}

void Parser::declare_segment() {
  segment_app = app.add_subcommand("segment", "Segment one image or many, each by itself");
  declare_common(*segment_app, segment.common);
  segment_app
      ->add_option("IMAGE", segment.images,
                   "Images to segment: TIFF, PNG, JPEG, NPY or a microscope's format")
      ->configurable(false);
  segment_app
      ->add_option(
          "--manifest", segment.manifest,
          "File that lists the images: one path a line, or a CSV with a column named image and "
          "perhaps name (of the results' folder), pixel_size, dataset, crop and mask")
      ->type_name("FILE")
      ->configurable(false);
  segment_app
      ->add_option_function<std::string>(
          "--shard", [this](const std::string& text) { segment.shard = parse_shard(text); },
          "Do one share of the images only: K/N is share K of N, slurm takes both from the array "
          "job, only:NAME is one image. All shares write into one folder; metamict gather joins "
          "their records")
      ->type_name("K/N|slurm|only:NAME")
      ->default_str("all")
      ->configurable(false);
  declare_how(*segment_app, segment);
}

void Parser::declare_series() {
  series_app = app.add_subcommand("series",
                                  "Segment a dose series: the same labels in all images, the "
                                  "amorphous front, its trend with dose");
  declare_common(*series_app, series.common);
  series_app
      ->add_option(
          "SERIES", series_names,
          "A CSV with the columns image and dose_dpa (others are kept; name and pixel_size "
          "count for an image), or IMAGE=DOSE for each image (dose in dpa)")
      ->configurable(false);
  Declaration declare(*series_app);
  declare
      .flag("joint", series.joint,
            "Build one graph over the chips of all images, in place of matching the regions of one "
            "graph per image. "
            "One odd image stretches the scores of all, and memory grows with the square of the "
            "number of chips")
      ->configurable(false);
  series_app
      ->add_option_function<std::string>(
          "--growth-direction",
          [this](const std::string& text) {
            const double angle = parse_number("--growth-direction", text);
            if (angle < -360 || angle > 360)
              throw UsageError("--growth-direction is " + text +
                               " but must lie between -360 and 360");
            series.options.growth_direction_deg = std::fmod(angle + 360, 360);
          },
          "Direction from the substrate to the film's surface, in degrees counter-clockwise from "
          "the picture's right. "
          "At 90 the surface is up")
      ->type_name("DEG")
      ->default_str("found")
      ->configurable(false);
  series_app
      ->add_option("--dose-column", dose_column,
                   "Column that the series goes by: a dose, fluence, temperature or time, with its "
                   "unit behind _ or in brackets")
      ->type_name("NAME")
      ->default_str("the first that starts with dose")
      ->configurable(false);
  series_app
      ->add_option("--layers", series.layers,
                   "CSV that says what is what, with the columns image, layer, and label (of "
                   "series/labels.tif as it is without this option) or x_px,y_px. Layers are cap, "
                   "film, substrate, vacuum and ignore")
      ->type_name("FILE")
      ->default_str("found")
      ->configurable(false);
  series_app
      ->add_option("--from", series.from,
                   "Take the images as segment has finished them in this folder. No encoder is "
                   "needed")
      ->type_name("DIR")
      ->configurable(false);
  declare_how(*series_app, series.segment);
}

void Parser::declare_watch() {
  watch_app = app.add_subcommand(
      "watch", "Segment each new image of a folder as it arrives. The encoder stays loaded");
  declare_common(*watch_app, watch.common);
  watch_app
      ->add_option("FOLDER", watch.folder,
                   "Folder to watch. Images that are in it already and not done come first")
      ->configurable(false);
  Declaration declare(*watch_app);
  watch_app
      ->add_option_function<std::string>(
          "--settle",
          [this](const std::string& text) {
            watch.settle_s = parse_number("--settle", text);
            if (watch.settle_s <= 0 || watch.settle_s > 3600)
              throw UsageError("--settle is " + text + " but must lie above 0 and up to 3600 s");
          },
          "Wait until the size and time of a file have stood still for so long, if no program was "
          "seen to close it")
      ->type_name("SECONDS")
      ->default_str("1")
      ->configurable(false);
  declare
      .flag("poll", watch.poll,
            "Look at the folder again and again. Network folders need this, because they report no "
            "changes")
      ->configurable(false);
  declare.flag("once", watch.once, "Stop when all images in the folder are done")
      ->configurable(false);
  declare
      .flag("recursive", watch.recursive,
            "Watch the folders below it, too. Images of one name take their folder's name before "
            "it: day1__film")
      ->configurable(false);
  declare_how(*watch_app, watch.segment);
}

void Parser::declare_inspect() {
  CLI::App* verb =
      app.add_subcommand("inspect", "Print what is in a file and what segment would do with it");
  declare_common(*verb, inspect.common);
  Declaration declare(*verb);
  verb->add_option("IMAGE", inspect.images, "Files to inspect");
  declare_reading(declare, inspect.options);
  inspect.options.resources.threads =
      machine_threads();  // the memory it foretells is that of segment's defaults
}

void Parser::declare_evaluate() {
  CLI::App* verb = app.add_subcommand(
      "evaluate",
      "Compare a label map with the truth: adjusted Rand index and intersection over union (IoU)");
  declare_common(*verb, evaluate.common);
  verb->add_option("LABELS", evaluate.labels, "Label image to judge")->required();
  verb->add_option("TRUTH", evaluate.truth, "Label image that is the truth, of the same size")
      ->required();
  Declaration declare(*verb);
  declare.value(
      "ignore", "none", "Label of the truth whose pixels are left out",
      [this](const std::string& text) {
        constexpr std::int64_t most = std::int64_t{1} << 53;
        evaluate.ignore = parse_whole("--ignore", text, -most, most);
      },
      "N");
  const auto share = [&](const char* name, std::optional<double>& target, const char* help) {
    declare.value(
        name, "none", help,
        [name, &target](const std::string& text) {
          target = parse_number("--" + std::string(name), text);
          if (*target < -1 || *target > 1)
            throw UsageError("--" + std::string(name) + " is " + text +
                             " but must lie between -1 and 1");
        },
        "X");
  };
  share("min-ari", evaluate.min_ari, "End with exit code 1 where the ARI is below this");
  share("min-iou", evaluate.min_iou, "End with exit code 1 where the mean IoU is below this");
}

void Parser::declare_compare() {
  CLI::App* verb = app.add_subcommand(
      "compare", "Say what changed between two folders of results. Exit code 1 beyond the limits");
  declare_common(*verb, compare.common);
  verb->add_option("BASELINE", compare.baseline,
                   "Results to compare with: a run, an image's folder")
      ->required();
  verb->add_option("NEW", compare.fresh, "Results that are compared")->required();
  Declaration declare(*verb);
  for (const CompareLimit& limit : compare_limits)
    declare.value(
        limit.option, limit.shown_default, limit.help,
        [this, limit](const std::string& text) {
          compare.limits.*limit.value = parse_number("--" + std::string(limit.option), text);
        },
        "X");
  verb->add_option("--limits", limits_file,
                   "Read limits from this file, one key = value a line. The command line wins")
      ->type_name("FILE")
      ->configurable(false);
  verb->add_option("--junit", compare.junit, "Write a JUnit report, too: one test case an image")
      ->type_name("FILE")
      ->configurable(false);
  verb->add_option("--html", compare.html,
                   "Write a page, too: maps side by side, differences marked")
      ->type_name("FILE")
      ->configurable(false);
  compare_app = verb;
}

void Parser::declare_gather() {
  CLI::App* verb = app.add_subcommand(
      "gather",
      "Join the shards of one output folder: run.json, summary.csv, index.html. Exit code 1 names "
      "what is missing or failed");
  declare_common(*verb, gather.common);
  verb->add_option("DIR", gather.folder, "Output folder of the shards")->required();
  verb->add_option("--manifest", gather.manifest, "Images that are due")->type_name("FILE");
}

void Parser::declare_demo() {
  CLI::App* verb =
      app.add_subcommand("demo", "Segment the sample dose series that comes with the program");
  declare_common(*verb, demo_common);
  verb->add_option("--output", demo_output, "Folder for the results")
      ->type_name("DIR")
      ->default_str("metamict-demo");
}

std::string version_text() {
  std::ostringstream text;
  const auto all = versions();
  text << "metamict " << all.at("metamict") << "\n";
  for (const auto& [name, version] : all)
    if (name != "metamict") text << "  " << name << " " << version << "\n";
  return text.str();
}

/// Applies the config file and fills the tables; `verb` is the subcommand that was given.
void finish_how(CLI::App& verb, const std::filesystem::path& config, SegmentCommand& command) {
  if (!config.empty()) apply_config(verb, config);
  command.options.check();
  command.effective = effective_options(verb);
  for (const auto& entry : command.effective)
    if (std::find(result_neutral.begin(), result_neutral.end(), entry.first) ==
        result_neutral.end())
      command.result_relevant.push_back(entry);
  if (command.resume && command.overwrite)
    throw UsageError("--resume and --overwrite exclude each other: give one of them");
}

void require_output(const SegmentCommand& command) {
  if (command.output.empty())
    throw UsageError("--output is missing: give the folder for the results");
}

SegmentCommand finish(Parser& parser) {
  SegmentCommand& command = parser.segment;
  finish_how(*parser.segment_app, parser.config, command);
  if (command.print_config) return command;
  if (!command.manifest.empty() && !command.images.empty())
    throw UsageError("give images or --manifest, not both");
  if (command.manifest.empty() && command.images.empty())
    throw UsageError("no image is given: metamict segment IMAGE... --output DIR");
  require_output(command);
  for (const std::filesystem::path& image : command.images)
    command.entries.push_back({image, {}, {}});
  return command;
}

/// Parses IMAGE=DOSE. The dose stands behind the last '='.
SeriesEntry parse_entry(const std::string& text) {
  const std::size_t at = text.rfind('=');
  if (at == std::string::npos || at == 0)
    throw UsageError("'" + text +
                     "' is not IMAGE=DOSE: give a dose for every image, or one CSV with the "
                     "columns image,dose_dpa");
  const double dose = parse_number("the dose of " + text.substr(0, at), text.substr(at + 1));
  if (dose < 0)
    throw UsageError("the dose of " + text.substr(0, at) + " is " + text.substr(at + 1) +
                     " but must not be negative");
  SeriesEntry entry;
  entry.image = entry.name = text.substr(0, at);
  entry.dose = dose;
  return entry;
}

/// Axis and images of a series' table.
std::pair<DoseAxis, std::vector<SeriesEntry>> table_of(const std::string& path,
                                                       const std::string& dose_column) {
  SeriesTable table = read_series_csv(path, dose_column);
  for (SeriesEntry& entry : table.entries)
    if (!entry.pixel_size.empty()) (void)parse_length_nm("pixel_size", entry.pixel_size);
  return {std::move(table.axis), std::move(table.entries)};
}

Command finish_series(Parser& parser) {
  SeriesCommand& command = parser.series;
  SegmentCommand& how = command.segment;
  if (command.joint) how.outputs.embeddings = true;
  finish_how(*parser.series_app, parser.config, how);
  if (command.joint)
    how.outputs.embeddings =
        true;  // also where the config said otherwise: the joint graph reads them
  how.common = command.common;
  if (how.print_config) return how;
  const Names& names = parser.series_names;
  if (names.empty())
    throw UsageError(
        "no series is given: metamict series SERIES.csv --output DIR, or IMAGE=DOSE...");
  if (names.size() == 1 && (names[0].ends_with(".csv") || names[0].find('=') == std::string::npos))
    std::tie(command.options.axis, command.entries) = table_of(names[0], parser.dose_column);
  else
    for (const std::string& name : names) command.entries.push_back(parse_entry(name));
  command.source = names.size() == 1 ? names[0] : "";
  for (const SeriesEntry& entry : command.entries) {
    OptionTable overrides;
    if (!entry.pixel_size.empty()) overrides.emplace_back("pixel-size", entry.pixel_size);
    how.entries.push_back({entry.image, entry.folder, std::move(overrides)});
  }
  if (!command.layers.empty()) command.options.layers = read_layers_csv(command.layers);
  how.outputs.regions = true;
  if (command.joint)
    how.result_relevant.emplace_back("verb", "series, joint");  // its folders hold more
  if (command.joint && !command.from.empty())
    throw UsageError("--joint needs the chips' embeddings, which --from has not: give one of them");
  require_output(how);
  return command;
}

Command finish_watch(Parser& parser) {
  WatchCommand& command = parser.watch;
  finish_how(*parser.watch_app, parser.config, command.segment);
  command.segment.common = command.common;
  if (command.segment.print_config) return command.segment;
  if (command.folder.empty())
    throw UsageError("no folder is given: metamict watch FOLDER --output DIR");
  require_output(command.segment);
  return command;
}

constexpr const char* verbs_text =
    "segment, series, watch, inspect, evaluate, compare, gather or demo";

/// The limits of a file, where the command line gives none.
CompareCommand finish_compare(Parser& parser) {
  if (!parser.limits_file.empty()) apply_config(*parser.compare_app, parser.limits_file);
  parser.compare.limits.check();
  return parser.compare;
}

/// The demo is a series like any other.
Command finish_demo(const Parser& parser) {
  std::vector<std::string> line = {"series", sample_series().string(), "--output",
                                   parser.demo_output.string(), "--resume"};
  if (parser.demo_common.quiet) line.push_back("--quiet");
  if (parser.demo_common.verbose) line.push_back("--verbose");
  if (parser.demo_common.json) line.push_back("--json");
  if (parser.demo_common.no_color) line.push_back("--no-color");
  return parse_command_line(line);
}

/// Turns the parser's complaint into a sentence. For an unknown verb the parser lists the whole
/// line, backwards.
std::string in_our_words(const CLI::ParseError& error, const CLI::App& app,
                         const std::vector<std::string>& arguments) {
  std::string said = error.what();
  const std::string& first = arguments.front();
  const auto verbs =
      app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == first; });
  if (!first.starts_with("-") && verbs.empty())
    return "there is no verb '" + first + "': give " + verbs_text;
  if (const std::vector<std::string> rest = app.remaining(true);
      dynamic_cast<const CLI::ExtrasError*>(&error) && !rest.empty())
    return rest.front().starts_with("-") ? "there is no option " + rest.front()
                                         : "'" + rest.front() + "' is one more than is expected";
  const std::string name = said.substr(0, said.find(':'));
  if (said.find("At Most 1 required") != std::string::npos)
    return name + " is given more than once: give it once";
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) return name + " needs a value";
  return said;
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& arguments) {
  Parser parser;
  CLI::App& app = parser.app;
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return PrintText{app.help()};
  } catch (const CLI::CallForAllHelp&) {
    return PrintText{app.help("", CLI::AppFormatMode::All)};
  } catch (const CLI::ParseError& error) {
    throw UsageError(in_our_words(error, app, arguments) +
                     " (metamict --help lists what there is)");
  }
  if (parser.version) return PrintText{version_text()};
  if (!parser.completion.empty()) return PrintText{completion_script(app, parser.completion)};
  if (parser.manual) return PrintText{manual_page(app)};
  if (app.got_subcommand("segment")) return finish(parser);
  if (app.got_subcommand("series")) return finish_series(parser);
  if (app.got_subcommand("watch")) return finish_watch(parser);
  if (app.got_subcommand("inspect")) {
    if (parser.inspect.images.empty())
      throw UsageError("no image is given: metamict inspect IMAGE...");
    return parser.inspect;
  }
  if (app.got_subcommand("evaluate")) return parser.evaluate;
  if (app.got_subcommand("compare")) return finish_compare(parser);
  if (app.got_subcommand("gather")) return parser.gather;
  if (app.got_subcommand("demo")) return finish_demo(parser);
  throw UsageError("no verb is given: " + std::string(verbs_text) +
                   " (metamict --help lists what there is)");
}

}  // namespace metamict::app
