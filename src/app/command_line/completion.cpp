// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line/completion.hpp"

#include <CLI/CLI.hpp>
#include <sstream>

#include "app/command_line/values.hpp"

namespace metamict::app {

namespace {

std::string long_names(const CLI::App& app) {
  std::string names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames())
      names += (names.empty() ? "--" : " --") + name;
  return names;
}

/// The words an option takes, where its type names them: "auto|float32|bfloat16".
std::string words_of(const CLI::Option& option) {
  std::string words = option.get_type_name();
  if (words.find('|') == std::string::npos) return {};
  for (char& c : words)
    if (c == '|') c = ' ';
  return words;
}

std::string bash_script(const CLI::App& app) {
  std::ostringstream text;
  std::string verbs;
  for (const CLI::App* verb : app.get_subcommands({}))
    verbs += (verbs.empty() ? "" : " ") + verb->get_name();
  text << "_metamict() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" "
          "before=\"${COMP_WORDS[COMP_CWORD-1]}\" words=\"\"\n"
       << "  case \"${COMP_WORDS[1]}:$before\" in\n";
  for (const CLI::App* verb : app.get_subcommands({}))
    for (const CLI::Option* option : verb->get_options())
      if (const std::string words = words_of(*option);
          !words.empty() && !option->get_lnames().empty())
        text << "    " << verb->get_name() << ":--" << option->get_lnames().front() << ") words=\""
             << words << "\" ;;\n";
  for (const CLI::App* verb : app.get_subcommands({}))
    text << "    " << verb->get_name() << ":*) words=\"" << long_names(*verb) << "\" ;;\n";
  text << "    *) words=\"" << verbs << " " << long_names(app) << "\" ;;\n  esac\n"
       << "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
       << "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))\n}\ncomplete -o "
          "filenames -F "
          "_metamict metamict\n";
  return text.str();
}

std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text)
    quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return quoted + "'";
}

std::string fish_script(const CLI::App& app) {
  std::ostringstream text;
  for (const CLI::App* verb : app.get_subcommands({})) {
    text << "complete -c metamict -n __fish_use_subcommand -f -a " << verb->get_name() << " -d "
         << fish_quoted(verb->get_description()) << "\n";
    for (const CLI::Option* option : verb->get_options()) {
      if (option->get_lnames().empty()) continue;
      text << "complete -c metamict -n '__fish_seen_subcommand_from " << verb->get_name() << "' -l "
           << option->get_lnames().front() << " -d " << fish_quoted(option->get_description());
      if (option->get_expected_min() > 0) text << " -r";
      if (const std::string words = words_of(*option); !words.empty())
        text << " -f -a " << fish_quoted(words);
      text << "\n";
    }
  }
  return text.str();
}

std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '-' ? "\\-" : c == '\\' ? "\\\\" : std::string(1, c);
  return escaped;
}

void roff_options(std::ostringstream& text, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    text << ".TP\n.B " << roff("--" + option->get_lnames().front());
    if (option->get_expected_min() > 0) text << " \\fI" << roff(option->get_type_name()) << "\\fR";
    text << "\n" << roff(option->get_description());
    if (!option->get_default_str().empty())
      text << " (default: " << roff(option->get_default_str()) << ")";
    text << ".\n";
  }
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  switch (parse_choice("--completion", shell, {"bash", "zsh", "fish"})) {
    case 0:
      return bash_script(app);
    case 1:
      return "#compdef metamict\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(app);
    default:
      return fish_script(app);
  }
}

std::string manual_page(const CLI::App& app) {
  std::ostringstream text;
  text << ".TH METAMICT 1\n.SH NAME\nmetamict \\- " << roff(app.get_description())
       << "\n.SH SYNOPSIS\n";
  for (const CLI::App* verb : app.get_subcommands({})) {
    text << ".B metamict " << verb->get_name() << "\n";
    for (const CLI::Option* option : verb->get_options())
      if (option->get_positional()) text << ".I " << option->get_name() << "\n";
    text << "[options]\n.br\n";
  }
  text << ".SH OPTIONS\n";
  roff_options(text, app);
  for (const CLI::App* verb : app.get_subcommands({})) {
    text << ".SH " << verb->get_name() << "\n" << roff(verb->get_description()) << ".\n";
    roff_options(text, *verb);
  }
  text << ".SH EXIT STATUS\n" << roff(app.get_footer()) << "\n";
  return text.str();
}

}  // namespace metamict::app
