// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/system/beside_library.hpp"

#include <dlfcn.h>

#include <stdexcept>

#include "metamict/errors.hpp"

namespace metamict {

namespace {
const char anchor = 0;  // an address inside this library, to ask the loader where it lies
}

std::filesystem::path library_folder() {
  Dl_info info{};
  if (dladdr(&anchor, &info) == 0 || info.dli_fname == nullptr)
    throw std::runtime_error("the loader cannot tell where libmetamict lies");
  return std::filesystem::absolute(info.dli_fname).parent_path();
}

void* plugin_symbol(const std::string& name, const char* symbol) {
  const std::filesystem::path path = library_folder() / ("lib" + name + ".so");
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw ModelError(
        "cannot load the plug-in " + path.string() +
        ", which runs LibTorch for encoders that are no ResNet50 and for the rule deepcut: " +
        dlerror() + " (the package metamict-torch has it)");
  void* const address = dlsym(library, symbol);
  if (address == nullptr) throw ModelError(path.string() + " has no " + symbol);
  return address;
}

}  // namespace metamict
