// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/program.hpp"

int main(int argc, char** argv) { return metamict::app::run_main(argc, argv); }
