// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line/options.hpp"

#include <CLI/CLI.hpp>
#include <cmath>
#include <functional>
#include <sstream>

#include "app/command_line/completion.hpp"
#include "app/command_line/values.hpp"
#include "base/system/machine.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "rules/rules.hpp"

namespace metamict::app {

namespace {

using Setter = std::function<void(const std::string& value)>;
using Names = std::vector<std::string>;

/// Options that name files to write, ways to run or amounts of the machine: they cannot change a result, so neither do
/// they belong into DONE.json's hash of the options.
const Names result_neutral = {"threads", "max-memory", "spill", "device", "trust-encoder", "encoder"};

/// One subcommand's options, each declared once with its default, its help and what its value sets.
class Declaration {
 public:
  explicit Declaration(CLI::App& app) : app_(app) {}

  void value(const std::string& name, const std::string& shown_default, const std::string& help, const Setter& set,
             const std::string& type = "TEXT") {
    app_.add_option_function<std::string>("--" + name, set, help)->default_str(shown_default)->type_name(type);
  }
  void choice(const std::string& name, const std::string& shown_default, const Names& names, const std::string& help,
              const std::function<void(std::size_t)>& set) {
    std::string type;
    for (const std::string& one : names) type += (type.empty() ? "" : "|") + one;
    value(
        name, shown_default, help, [=](const std::string& text) { set(parse_choice("--" + name, text, names)); }, type);
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
  app.add_flag("--quiet", common.quiet, "Errors only");
  app.add_flag("--verbose", common.verbose, "Also the seconds of each stage");
  app.add_flag("--json", common.json, "Results as JSON on standard output");
  app.add_flag("--no-color", common.no_color, "No colours on a terminal");
  app.add_option("--log-file", common.log_file, "Also log into this file")->type_name("FILE");
}

void declare_reading(Declaration& declare, SegmentOptions& options) {
  declare.value(
      "pixel-size", "from the file", "Edge of a pixel, for example 0.0213nm (nm, pm, A, um)",
      [&](const std::string& text) { options.load.nm_per_pixel = parse_length_nm("--pixel-size", text); }, "LENGTH");
  declare.value(
      "lattice-nm", "measured", "Lattice period in nm, in place of measuring it in the image",
      [&](const std::string& text) { options.chips.lattice_nm = parse_length_nm("--lattice-nm", text); }, "NM");
  declare.value(
      "chip-size", "auto", "Edge of a chip in pixels of the image; auto: four lattice periods",
      [&](const std::string& text) {
        options.chips.chip_size_px.reset();
        if (text == "auto") return;
        options.chips.chip_size_px = parse_number("--chip-size", text);
        if (*options.chips.chip_size_px < 4)
          throw UsageError("--chip-size is " + text + " px but a chip has at least 4 px");
      },
      "auto|PX");
  declare.value(
      "stride", "auto", "Step between chips in pixels of the image; auto: a quarter of the chip",
      [&](const std::string& text) {
        options.chips.stride_px.reset();
        if (text == "auto") return;
        options.chips.stride_px = parse_number("--stride", text);
        if (*options.chips.stride_px <= 0) throw UsageError("--stride is " + text + " px but must be above 0");
      },
      "auto|PX");
  declare.value("dataset", "HAADF, else the first image", "Dataset of the file, by name or detector",
                [&](const std::string& text) { options.load.dataset = text; });
  declare.value(
      "frame", "0", "Frame of a stack: an index from 0, or mean",
      [&](const std::string& text) {
        if (text != "mean") (void)parse_whole("--frame", text, 0, 1 << 30);
        options.load.frame = text;
      },
      "INDEX|mean");
  declare.value(
      "max-pixels", std::to_string(options.load.max_pixels), "Larger images are refused",
      [&](const std::string& text) {
        options.load.max_pixels =
            static_cast<std::uint64_t>(parse_whole("--max-pixels", text, 1, std::int64_t{1} << 40));
      },
      "N");
}

void declare_encoder(Declaration& declare, SegmentCommand& command) {
  EncoderOptions& encoder = command.encoder;
  declare.value(
      "encoder", "the one that ships", "TorchScript file with its sidecar (same name, .json)",
      [&](const std::string& text) { encoder.model = text; }, "FILE");
  declare.value("device", "auto", "auto, cpu or cuda[:N]", [&](const std::string& text) {
    const bool cuda =
        text == "cuda" || (text.starts_with("cuda:") && parse_whole("--device", text.substr(5), 0, 255) >= 0);
    if (!cuda && text != "auto" && text != "cpu")
      throw UsageError("--device '" + text + "' is not known: give auto, cpu or cuda[:N]");
    encoder.device = text;
  });
  declare.choice(
      "precision", "auto", {"auto", "float32", "bfloat16", "int8"},
      "Arithmetic of the encoder; auto: bfloat16 where the processor has AMX, else float32. int8 is calibrated on the "
      "image itself, and three times as fast as float32 where there is VNNI",
      into(encoder.precision));
  declare.choice("embedding", "auto", {"auto", "chip", "shared"},
                 "chip: each chip by itself, as the paper; shared: one pass over the micrograph, windows pooled: eight "
                 "times faster, "
                 "as good a map of large plain regions, a worse one of small or similar ones; auto: chip",
                 into(encoder.embedding));
  declare.choice("normalise", "image", {"image", "chip"}, "Grey levels standardised over the image, or chip by chip",
                 into(command.options.normalise));
  declare.flag("trust-encoder", encoder.trust, "Load a model whose hash is not known (a model file is code)");
}

void declare_graph(Declaration& declare, SegmentCommand& command) {
  SegmentOptions& options = command.options;
  std::string derived;
  for (const DerivedRule& rule : derived_rules()) derived += ", " + std::string(rule.name);
  std::string cuts;
  for (const std::string& name : options.rules.cuts) cuts += (cuts.empty() ? "" : ",") + name;
  declare.value(
      "cut", cuts, "Comma list of mean, median, mode, numbers in [0, 1]" + derived,
      [&](const std::string& text) {
        options.rules.cuts = split(text, ',');
        (void)parse_rules(options.rules.cuts);
      },
      "RULES");
  declare.value(
      "primary", options.rules.primary, "The rule that summaries and series use",
      [&](const std::string& text) { options.rules.primary = text; }, "RULE");
  declare.choice("similarity", "minmax", {"minmax", "raw"},
                 "minmax: 0 = the least, 1 = the most alike pair of the image; raw: cosine",
                 into(options.similarity.scale));
  declare.choice("edge-weight", "score", {"score", "unit"}, "Weight of a kept edge", into(options.rules.edge_weight));
  declare.value(
      "mode-bins", "100", "Bins of the histogram whose tallest is the mode",
      [&](const std::string& text) {
        options.rules.mode_bins = static_cast<int>(parse_whole("--mode-bins", text, 2, 65536));
      },
      "N");
  declare.choice("communities", "louvain", {"louvain", "leiden"}, "Method of finding communities",
                 into(options.communities.method));
  declare.choice("engine", "auto", {"auto", "dense", "igraph"},
                 "dense: first passes on the score matrix; igraph: all of it in igraph",
                 into(options.communities.engine));
  declare.value(
      "resolution", "1", "Of the modularity: higher gives more, smaller communities",
      [&](const std::string& text) {
        options.communities.resolution = parse_number("--resolution", text);
        if (options.communities.resolution <= 0) throw UsageError("--resolution is " + text + " but must be above 0");
      },
      "X");
  declare.value(
      "seed", "1", "Of every random choice",
      [&](const std::string& text) {
        options.communities.seed = static_cast<std::uint64_t>(parse_whole("--seed", text, 0, std::int64_t{1} << 62));
      },
      "N");
  declare.value(
      "runs", "5", "Runs of the community search; the best is taken, all give the stability",
      [&](const std::string& text) {
        options.communities.runs = static_cast<int>(parse_whole("--runs", text, 1, 1000));
      },
      "N");
  declare.value(
      "min-chips", "3", "Smaller communities stay unassigned in the map",
      [&](const std::string& text) {
        options.paint.min_chips = static_cast<int>(parse_whole("--min-chips", text, 1, 1 << 30));
      },
      "N");
  declare.choice("vote", "tent", {"tent", "uniform"}, "Weight of a chip's vote over its pixels",
                 into(options.paint.vote));
  declare.choice("borders", "pixels", {"pixels", "votes"},
                 "Of derived rules: where the pixels change, near where the votes put them; or there",
                 into(options.paint.borders));
}

void declare_machine(Declaration& declare, SegmentCommand& command) {
  command.options.resources.threads = machine_threads();
  declare.value(
      "threads", "the machine's", "Never changes a result",
      [&](const std::string& text) {
        command.options.resources.threads = static_cast<int>(parse_whole("--threads", text, 1, 4096));
      },
      "N");
  declare.value(
      "max-memory", "the machine's", "For example 8G; an image that needs more is refused before it starts",
      [&](const std::string& text) { command.options.resources.max_memory_bytes = parse_bytes("--max-memory", text); },
      "SIZE");
  declare.value(
      "spill", "none", "Folder for scores that memory will not hold",
      [&](const std::string& text) { command.options.resources.spill = text; }, "DIR");
}

void declare_outputs(Declaration& declare, SegmentCommand& command) {
  OutputOptions& outputs = command.outputs;
  declare.choice("graphml", "auto", {"auto", "full", "backbone", "none"},
                 "auto: full up to 1,000,000 edges, else a backbone", into(outputs.graphml));
  declare.value(
      "write", "none", "Comma list of extra files: embeddings, scores, hspy (label and order maps for HyperSpy)",
      [&](const std::string& text) {
        outputs.embeddings = outputs.scores = outputs.hspy = false;
        bool OutputOptions::*const wanted[] = {&OutputOptions::embeddings, &OutputOptions::scores,
                                               &OutputOptions::hspy};
        for (const std::string& one : split(text, ','))
          if (const std::size_t index = parse_choice("--write", one, {"none", "embeddings", "scores", "hspy"});
              index > 0)
            outputs.*wanted[index - 1] = true;
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
      throw UsageError(path.string() + ": " + name + " is '" + value + "' but must be true or false");
    option->add_result(value);
    option->run_callback();
  }
}

/// Every configurable option with its effective value, where there is one to write ("auto" and the like count as
/// values; a default that only describes, such as "from the file", does not).
OptionTable effective_options(const CLI::App& app) {
  static const Names descriptive = {
      "from the file", "measured", "HAADF, else the first image", "the one that ships", "the machine's", "none", ""};
  OptionTable table;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_configurable() || option->get_positional() || option->get_lnames().empty()) continue;
    std::string value = option->count() > 0 ? CLI::detail::join(option->results(), ",") : option->get_default_str();
    if (std::find(descriptive.begin(), descriptive.end(), value) != descriptive.end()) continue;
    table.emplace_back(option->get_lnames().front(), value);
  }
  return table;
}

/// The whole parser with the structs it fills.
struct Parser {
  CLI::App app{"metamict segments STEM-HAADF micrographs into regions of like structure, without labels.", "metamict"};
  SegmentCommand segment;
  SeriesCommand series;
  WatchCommand watch;
  InspectCommand inspect;
  EvaluateCommand evaluate;
  CLI::App* segment_app = nullptr;
  CLI::App* series_app = nullptr;
  CLI::App* watch_app = nullptr;
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
};

Parser::Parser() {
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_help_all_flag("--help-all", "Print the help of every verb");
  app.add_flag("--version", version,
               "Print the versions of the program, its libraries, the BLAS and the processor's capability");
  app.add_option("--completion", completion, "Print a completion script: bash, zsh or fish")->type_name("SHELL");
  app.add_flag("--man", manual, "Print the manual page (roff)");
  app.footer(
      "Exit codes: 0 all done, 1 some images failed, 2 wrong usage, 3 no input readable, 4 model missing or not "
      "fitting,\n"
      "5 refused for memory or disk, 6 output not written, 7 internal error, 130/143 stopped by a signal.");
  declare_segment();
  declare_series();
  declare_watch();
  declare_inspect();
  declare_evaluate();
}

/// What the three verbs that segment have in common.
void Parser::declare_how(CLI::App& verb, SegmentCommand& command) {
  Declaration declare(verb);
  verb.add_option("--output", command.output, "Folder for the results (made if need be)")
      ->type_name("DIR")
      ->configurable(false);
  declare_reading(declare, command.options);
  declare_encoder(declare, command);
  declare_graph(declare, command);
  declare_outputs(declare, command);
  declare_machine(declare, command);
  declare.flag("resume", command.resume, "Skip images whose DONE.json still matches; redo the others")
      ->configurable(false);
  declare.flag("overwrite", command.overwrite, "Replace existing results")->configurable(false);
  declare.flag("fail-fast", command.fail_fast, "Stop at the first image that fails")->configurable(false);
  declare.flag("dry-run", command.dry_run, "Say what would be done, and stop")->configurable(false);
  declare.flag("print-config", command.print_config, "Print the effective options as a config file, and stop")
      ->configurable(false);
  verb.add_option("--config", config, "Options from a file (flat keys, as run.toml); the command line wins")
      ->type_name("FILE")
      ->configurable(false);
  for (const char* name : {"--quiet", "--verbose", "--json", "--no-color", "--log-file"})
    verb.get_option(name)->configurable(false);
}

void Parser::declare_segment() {
  segment_app = app.add_subcommand("segment", "Segment one or many images, each on its own");
  declare_common(*segment_app, segment.common);
  segment_app->add_option("IMAGE", segment.images, "Images: TIFF, PNG, JPEG, NPY and microscope formats")
      ->configurable(false);
  segment_app->add_option("--manifest", segment.manifest, "Images to do, one a line or CSV with an image column")
      ->type_name("FILE")
      ->configurable(false);
  declare_how(*segment_app, segment);
}

void Parser::declare_series() {
  series_app = app.add_subcommand("series",
                                  "Segment a dose series: one language of labels, amorphous front, trend against dose");
  declare_common(*series_app, series.common);
  series_app
      ->add_option("SERIES", series_names,
                   "SERIES.csv with the columns image,dose_dpa (others are kept), or IMAGE=DOSE...")
      ->configurable(false);
  Declaration declare(*series_app);
  declare
      .flag("joint", series.joint,
            "One graph over the chips of all images, in place of one a picture whose regions are then matched: finds "
            "what is alike across the "
            "series, but one odd image stretches the scores of all, and memory grows with the square of all chips")
      ->configurable(false);
  series_app
      ->add_option_function<std::string>(
          "--growth-direction",
          [this](const std::string& text) {
            const double angle = parse_number("--growth-direction", text);
            if (angle < -360 || angle > 360)
              throw UsageError("--growth-direction is " + text + " but must lie between -360 and 360");
            series.options.growth_direction_deg = std::fmod(angle + 360, 360);
          },
          "From the substrate to the film's surface, degrees counter-clockwise from the picture's right: 90 = the "
          "surface is up")
      ->type_name("DEG")
      ->default_str("found")
      ->configurable(false);
  declare_how(*series_app, series.segment);
}

void Parser::declare_watch() {
  watch_app = app.add_subcommand("watch", "Segment each new image of a folder as it arrives; the model is kept warm");
  declare_common(*watch_app, watch.common);
  watch_app
      ->add_option("FOLDER", watch.folder, "Folder to watch; images that are there already and not done are done first")
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
          "A file that no one closed is whole when its size and time have stood still for so long")
      ->type_name("SECONDS")
      ->default_str("1")
      ->configurable(false);
  declare
      .flag("poll", watch.poll,
            "Look at the folder again and again: for network folders, which tell nothing of changes")
      ->configurable(false);
  declare.flag("once", watch.once, "Stop when everything that is there is done")->configurable(false);
  declare_how(*watch_app, watch.segment);
}

void Parser::declare_inspect() {
  CLI::App* verb = app.add_subcommand("inspect", "What is in a file, and what segment would do with it");
  declare_common(*verb, inspect.common);
  Declaration declare(*verb);
  verb->add_option("IMAGE", inspect.images, "Files to look into");
  declare_reading(declare, inspect.options);
  inspect.options.resources.threads = machine_threads();  // the memory it foretells is that of segment's defaults
}

void Parser::declare_evaluate() {
  CLI::App* verb = app.add_subcommand("evaluate", "Compare a label map with a truth: adjusted Rand index, IoU");
  declare_common(*verb, evaluate.common);
  verb->add_option("LABELS", evaluate.labels, "Label image")->required();
  verb->add_option("TRUTH", evaluate.truth, "Label image of the same size")->required();
  Declaration declare(*verb);
  declare.value(
      "ignore", "none", "Truth label whose pixels are left out",
      [this](const std::string& text) { evaluate.ignore = static_cast<int>(parse_whole("--ignore", text, 0, 65535)); },
      "N");
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
    if (std::find(result_neutral.begin(), result_neutral.end(), entry.first) == result_neutral.end())
      command.result_relevant.push_back(entry);
  if (command.resume && command.overwrite)
    throw UsageError("--resume and --overwrite exclude each other: give one of them");
}

void require_output(const SegmentCommand& command) {
  if (command.output.empty()) throw UsageError("--output is missing: give the folder for the results");
}

SegmentCommand finish(Parser& parser) {
  SegmentCommand& command = parser.segment;
  finish_how(*parser.segment_app, parser.config, command);
  if (command.print_config) return command;
  if (!command.manifest.empty() && !command.images.empty()) throw UsageError("give images or --manifest, not both");
  if (command.manifest.empty() && command.images.empty())
    throw UsageError("no image is given: metamict segment IMAGE... --output DIR");
  require_output(command);
  return command;
}

/// IMAGE=DOSE, the dose behind the last '='.
SeriesEntry parse_entry(const std::string& text) {
  const std::size_t at = text.rfind('=');
  if (at == std::string::npos || at == 0)
    throw UsageError("'" + text +
                     "' is not IMAGE=DOSE: give a dose for every image, or one CSV with the columns image,dose_dpa");
  const double dose = parse_number("the dose of " + text.substr(0, at), text.substr(at + 1));
  if (dose < 0)
    throw UsageError("the dose of " + text.substr(0, at) + " is " + text.substr(at + 1) + " but must not be negative");
  return {text.substr(0, at), dose, text.substr(0, at), {}};
}

Command finish_series(Parser& parser) {
  SeriesCommand& command = parser.series;
  SegmentCommand& how = command.segment;
  if (command.joint) how.outputs.embeddings = true;
  finish_how(*parser.series_app, parser.config, how);
  if (command.joint) how.outputs.embeddings = true;  // also where the config said otherwise: the joint graph reads them
  how.common = command.common;
  if (how.print_config) return how;
  const Names& names = parser.series_names;
  if (names.empty()) throw UsageError("no series is given: metamict series SERIES.csv --output DIR, or IMAGE=DOSE...");
  if (names.size() == 1 && (names[0].ends_with(".csv") || names[0].find('=') == std::string::npos))
    command.entries = read_series_csv(names[0]);
  else
    for (const std::string& name : names) command.entries.push_back(parse_entry(name));
  command.source = names.size() == 1 ? names[0] : "";
  for (const SeriesEntry& entry : command.entries) how.images.push_back(entry.image);
  how.result_relevant.emplace_back("verb",
                                   command.joint ? "series, joint" : "series");  // its folders hold more than segment's
  require_output(how);
  return command;
}

Command finish_watch(Parser& parser) {
  WatchCommand& command = parser.watch;
  finish_how(*parser.watch_app, parser.config, command.segment);
  command.segment.common = command.common;
  if (command.segment.print_config) return command.segment;
  if (command.folder.empty()) throw UsageError("no folder is given: metamict watch FOLDER --output DIR");
  require_output(command.segment);
  return command;
}

/// The parser's complaint as a sentence. An unknown verb makes it list the whole command line, backwards.
std::string in_our_words(const CLI::ParseError& error, const CLI::App& app, const std::vector<std::string>& arguments) {
  std::string said = error.what();
  const std::string& first = arguments.front();
  const auto verbs = app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == first; });
  if (!first.starts_with("-") && verbs.empty())
    return "there is no verb '" + first + "': give segment, series, watch, inspect or evaluate";
  if (const std::vector<std::string> rest = app.remaining(true);
      dynamic_cast<const CLI::ExtrasError*>(&error) && !rest.empty())
    return rest.front().starts_with("-") ? "there is no option " + rest.front()
                                         : "'" + rest.front() + "' is one more than is expected";
  const std::string name = said.substr(0, said.find(':'));
  if (said.find("At Most 1 required") != std::string::npos) return name + " is given more than once: give it once";
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
    throw UsageError(in_our_words(error, app, arguments) + " (metamict --help lists what there is)");
  }
  if (parser.version) return PrintText{version_text()};
  if (!parser.completion.empty()) return PrintText{completion_script(app, parser.completion)};
  if (parser.manual) return PrintText{manual_page(app)};
  if (app.got_subcommand("segment")) return finish(parser);
  if (app.got_subcommand("series")) return finish_series(parser);
  if (app.got_subcommand("watch")) return finish_watch(parser);
  if (app.got_subcommand("inspect")) {
    if (parser.inspect.images.empty()) throw UsageError("no image is given: metamict inspect IMAGE...");
    return parser.inspect;
  }
  if (app.got_subcommand("evaluate")) return parser.evaluate;
  throw UsageError(
      "no verb is given: segment, series, watch, inspect or evaluate (metamict --help lists what there is)");
}

}  // namespace metamict::app
