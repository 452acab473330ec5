# Every library with its lowest version, in one place. Debian 12's versions are the floor.
find_package(Eigen3 3.4 REQUIRED)
find_package(OpenCV 4.6 REQUIRED COMPONENTS core imgproc OPTIONAL_COMPONENTS imgcodecs)  # imgcodecs: tests only
find_package(TIFF 4.5 REQUIRED)
find_package(JPEG REQUIRED)  # libtiff's own, as zlib is; cairo brings libpng: none costs start-up
find_package(PNG 1.6 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(HDF5 1.10 REQUIRED COMPONENTS C)

# minizip reads zip files, liblzf h5py's compression; neither brings a CMake config in Debian.
find_path(MINIZIP_INCLUDE_DIR minizip/unzip.h REQUIRED)
find_library(MINIZIP_LIBRARY minizip REQUIRED)
find_path(LZF_INCLUDE_DIR liblzf/lzf.h REQUIRED)
find_library(LZF_LIBRARY lzf REQUIRED)

# Debian's oneDNN config asks for OpenCL, which is not needed: the header and the library are enough.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})

# cairo draws the plots, libdeflate packs their PNG files; neither brings a CMake config in Debian.
find_path(CAIRO_INCLUDE_DIR cairo.h PATH_SUFFIXES cairo REQUIRED)
find_library(CAIRO_LIBRARY cairo REQUIRED)
find_path(DEFLATE_INCLUDE_DIR libdeflate.h REQUIRED)
find_library(DEFLATE_LIBRARY deflate REQUIRED)
add_library(metamict_drawing INTERFACE)
target_include_directories(metamict_drawing SYSTEM INTERFACE ${CAIRO_INCLUDE_DIR} ${DEFLATE_INCLUDE_DIR})
target_link_libraries(metamict_drawing INTERFACE ${CAIRO_LIBRARY} ${DEFLATE_LIBRARY})

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED)
find_package(igraph 0.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(spdlog 1.10 REQUIRED)

# LibTorch 1.13 (Debian) or 2.x (given by CMAKE_PREFIX_PATH). Only metamict::torch may see it. Debian's package carries no
# config that works without its compilers' exact layout everywhere, so a plain search is the way back. Without it the plug-in
# is not built: encoders that are a ResNet50 do not need it.
find_package(Torch 1.13 CONFIG QUIET)
if(NOT Torch_FOUND)
  find_path(TORCH_INCLUDE_DIR torch/script.h)
  find_library(TORCH_LIBRARY torch)
  find_library(TORCH_CPU_LIBRARY torch_cpu)
  find_library(C10_LIBRARY c10)
  set(TORCH_LIBRARIES ${TORCH_LIBRARY} ${TORCH_CPU_LIBRARY} ${C10_LIBRARY})
  set(TORCH_INCLUDE_DIRS ${TORCH_INCLUDE_DIR})
endif()
if(Torch_FOUND OR (TORCH_INCLUDE_DIR AND TORCH_LIBRARY AND TORCH_CPU_LIBRARY AND C10_LIBRARY))
  set(METAMICT_HAS_TORCH ON)
  message(STATUS "LibTorch: ${Torch_VERSION} ${TORCH_LIBRARIES}")
elseif(METAMICT_TESTS)
  message(FATAL_ERROR "the tests need LibTorch (libtorch-dev)")
else()
  set(METAMICT_HAS_TORCH OFF)
  message(STATUS "LibTorch: not found, so the plug-in for other encoders than a ResNet50 is not built")
endif()
