# The order of the rooms: every include of src/ and include/ points down. A violation ends the configuration; the same
# check runs by hand: cmake -DROOT=. -P cmake/CheckRooms.cmake
#
# A room is a folder of src/. A line of rooms may include what stands below it; rooms of one line do not include each other.
set(metamict_rooms
  "app"
  "report"
  "series"
  "segment"
  "labels rules"
  "graph"
  "encoder lattice"
  "image"
  "formats"
  "base")

# A public header stands in the room of its .cpp; these have none.
set(metamict_header_rooms
  matrix.hpp=base
  progress.hpp=base)

# Sets `level` (0 = the top) of a room, or -1.
function(metamict_level_of_room room level)
  set(found -1)
  set(k 0)
  foreach(line IN LISTS metamict_rooms)
    if(" ${line} " MATCHES " ${room} ")
      set(found ${k})
    endif()
    math(EXPR k "${k} + 1")
  endforeach()
  set(${level} ${found} PARENT_SCOPE)
endfunction()

# Sets `room` of what an include names: a path below src/, or metamict/<name>.hpp. Empty where there is none.
function(metamict_room_of root named room)
  set(found "")
  if(named MATCHES "^metamict/(.+)\\.hpp$")
    set(header ${CMAKE_MATCH_1})
    foreach(entry IN LISTS metamict_header_rooms)
      if(entry MATCHES "^${header}\\.hpp=(.+)$")
        set(found ${CMAKE_MATCH_1})
      endif()
    endforeach()
    if(NOT found)
      file(GLOB_RECURSE source RELATIVE ${root}/src ${root}/src/${header}.cpp)
      string(REGEX REPLACE "/.*" "" found "${source}")
    endif()
  elseif(named MATCHES "^([a-z_]+)/")
    set(found ${CMAKE_MATCH_1})
  endif()
  set(${room} "${found}" PARENT_SCOPE)
endfunction()

function(metamict_check_rooms root)
  set(refused "")
  file(GLOB entries RELATIVE ${root}/src ${root}/src/*)
  foreach(entry IN LISTS entries)
    metamict_level_of_room(${entry} level)
    if(level LESS 0 AND NOT entry STREQUAL CMakeLists.txt)
      list(APPEND refused "src/${entry} is no room: rooms are named in cmake/CheckRooms.cmake")
    endif()
  endforeach()
  file(GLOB_RECURSE files RELATIVE ${root} ${root}/src/*.cpp ${root}/src/*.hpp ${root}/include/*.hpp)
  foreach(file IN LISTS files)
    string(REGEX REPLACE "^(src|include)/" "" own "${file}")
    metamict_room_of(${root} ${own} room)
    metamict_level_of_room("${room}" level)
    if(level LESS 0)
      list(APPEND refused "${file} is in no room: give its room in cmake/CheckRooms.cmake")
      continue()
    endif()
    file(STRINGS ${root}/${file} lines REGEX "^#include \"")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include \"(.*)\".*" "\\1" named "${line}")
      metamict_room_of(${root} ${named} other)
      metamict_level_of_room("${other}" below)
      if(below LESS 0)
        list(APPEND refused "${file} includes \"${named}\": write the path below src/, room first")
      elseif(NOT other STREQUAL room AND NOT below GREATER level)
        list(APPEND refused "${file} includes \"${named}\": ${room} may not include ${other}")
      endif()
    endforeach()
  endforeach()
  if(refused)
    list(JOIN refused "\n  " text)
    message(FATAL_ERROR "Includes against the order of the rooms (docs/napkin.md):\n  ${text}")
  endif()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  get_filename_component(ROOT "${ROOT}" ABSOLUTE)
  metamict_check_rooms("${ROOT}")
endif()
