# What `cpack` makes: metamict, metamict-torch (the LibTorch plug-in) and libmetamict-dev. scripts/release.sh builds and tries them.
#
# METAMICT_PACKAGED leaves the paths of this source tree out of the program, so that two builds of one commit are equal.
if(NOT METAMICT_PACKAGED)
  return()
endif()

# What the program writes of itself: its manual page and its completions.
set(generated ${PROJECT_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${generated})
add_custom_command(OUTPUT ${generated}/metamict.1.gz
  COMMAND sh -c "$<TARGET_FILE:metamict> --man | gzip -9n > ${generated}/metamict.1.gz"
  COMMAND sh -c "$<TARGET_FILE:metamict> --completion bash > ${generated}/metamict.bash"
  COMMAND sh -c "$<TARGET_FILE:metamict> --completion zsh > ${generated}/_metamict"
  COMMAND sh -c "$<TARGET_FILE:metamict> --completion fish > ${generated}/metamict.fish"
  COMMAND sh -c "gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md > ${generated}/changelog.gz"
  DEPENDS metamict ${PROJECT_SOURCE_DIR}/CHANGELOG.md VERBATIM)
add_custom_target(metamict_package_files ALL DEPENDS ${generated}/metamict.1.gz)

install(FILES ${generated}/metamict.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT main)
install(FILES ${generated}/metamict.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME metamict COMPONENT main)
install(FILES ${generated}/_metamict DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT main)
install(FILES ${generated}/metamict.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT main)
foreach(entry "main=metamict" "torch=metamict-torch" "dev=libmetamict-dev")
  string(REPLACE "=" ";" pair ${entry})
  list(GET pair 0 component)
  list(GET pair 1 package)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/package/copyright ${generated}/changelog.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
  if(EXISTS ${PROJECT_SOURCE_DIR}/cmake/package/${package}.lintian-overrides)
    install(FILES ${PROJECT_SOURCE_DIR}/cmake/package/${package}.lintian-overrides
      DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME ${package} COMPONENT ${component})
  endif()
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/docs/use.md ${PROJECT_SOURCE_DIR}/docs/guide.md ${PROJECT_SOURCE_DIR}/docs/method.md
  ${PROJECT_SOURCE_DIR}/docs/formats.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/metamict COMPONENT main)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR metamict)
set(CPACK_PACKAGE_CONTACT "metamict developers <metamict@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL main torch dev)
set(CPACK_COMPONENTS_IGNORE_GROUPS ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_MAIN_PACKAGE_NAME metamict)
set(CPACK_DEBIAN_MAIN_PACKAGE_RECOMMENDS metamict-torch)
set(CPACK_DEBIAN_MAIN_PACKAGE_DEPENDS fonts-dejavu-core)
set(CPACK_COMPONENT_MAIN_DESCRIPTION "segments STEM-HAADF micrographs into regions, without labels
 metamict divides a micrograph into its regions: crystal, film, cap, amorphous
 pocket. From a series of images at rising dose it measures how far an amorphous
 front has moved. The encoder and a sample series come with it.")
set(CPACK_DEBIAN_TORCH_PACKAGE_NAME metamict-torch)
set(CPACK_DEBIAN_TORCH_PACKAGE_DEPENDS "metamict (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_TORCH_DESCRIPTION "runs other encoders of metamict through LibTorch
 The encoder that comes with metamict runs without LibTorch, as any ResNet50
 does. This plug-in runs any other TorchScript module.")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libmetamict-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "metamict (= ${PROJECT_VERSION}), libopencv-dev, libeigen3-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "headers of the library metamict
 For programs that segment micrographs by themselves: headers, a CMake package
 and a pkg-config file.")
include(CPack)
