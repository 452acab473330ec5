// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/system/beside_library.hpp"

#include <dlfcn.h>

#include <filesystem>

#include "metamict/errors.hpp"

namespace metamict {

namespace {
const char anchor = 0;  // an address inside this library, to ask the loader where it lies
}

void* plugin_symbol(const std::string& name, const char* symbol) {
  Dl_info info{};
  if (dladdr(&anchor, &info) == 0 || info.dli_fname == nullptr) throw ModelError("cannot tell where libmetamict lies");
  const auto path = std::filesystem::path(info.dli_fname).parent_path() / ("lib" + name + ".so");
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw ModelError("cannot load the plug-in " + path.string() + ": " + dlerror());
  void* const address = dlsym(library, symbol);
  if (address == nullptr) throw ModelError(path.string() + " has no " + symbol);
  return address;
}

}  // namespace metamict
