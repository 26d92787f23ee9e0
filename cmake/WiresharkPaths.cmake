# SPDX-License-Identifier: GPL-2.0-or-later
# Finds Wireshark's development files, 4.0 or newer, or says in words what is missing.
# Sets MSTUN_WIRESHARK_ID, the version as it appears in plugin folders: 4.0 (4-0 in a macOS bundle).

# Debian 12 keeps WiresharkConfig.cmake in lib/<arch>/wireshark/cmake, where CMake does not look by itself;
# Debian 13 in lib/<arch>/cmake/wireshark, where it does.
list(APPEND CMAKE_PREFIX_PATH
  "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/wireshark"
  "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/wireshark")

find_package(Wireshark 4.0 CONFIG QUIET)

if(NOT Wireshark_FOUND)
  if(Wireshark_CONSIDERED_VERSIONS)
    list(GET Wireshark_CONSIDERED_VERSIONS 0 found)
    list(GET Wireshark_CONSIDERED_CONFIGS 0 where)
    message(FATAL_ERROR "mstun needs Wireshark 4.0 or newer; the development files found here are of "
      "Wireshark ${found} (${where}).")
  endif()
  message(FATAL_ERROR "Wireshark's development files are not installed. "
    "Debian and Ubuntu: apt install wireshark-dev libgcrypt20-dev. Fedora: dnf install wireshark-devel libgcrypt-devel. "
    "If they are in an unusual place, say where with -DWireshark_DIR=<folder of WiresharkConfig.cmake>.")
endif()

include(CheckIncludeFile)
check_include_file(gcrypt.h MSTUN_HAVE_GCRYPT_H)
find_library(MSTUN_GCRYPT gcrypt)
if(NOT MSTUN_HAVE_GCRYPT_H OR NOT MSTUN_GCRYPT)
  unset(MSTUN_HAVE_GCRYPT_H CACHE) # look again next time, it may be installed then
  message(FATAL_ERROR "libgcrypt's development files are missing, Wireshark's own library for hashes. "
    "Debian and Ubuntu: apt install libgcrypt20-dev. Fedora: dnf install libgcrypt-devel.")
endif()

cmake_path(GET Wireshark_PLUGIN_LIBDIR FILENAME MSTUN_WIRESHARK_ID)
message(STATUS "Wireshark ${Wireshark_VERSION} (${Wireshark_DIR})")
