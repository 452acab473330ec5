// SPDX-License-Identifier: GPL-3.0-or-later
// Completion scripts and the manual page, made from the parser itself so that they cannot drift.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace metamict::app {

/// For bash, zsh or fish; throws UsageError for another shell.
std::string completion_script(const CLI::App& app, const std::string& shell);

/// metamict(1) in roff.
std::string manual_page(const CLI::App& app);

}  // namespace metamict::app
