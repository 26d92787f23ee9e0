# SPDX-License-Identifier: GPL-2.0-or-later
# mstun_warnings: an INTERFACE target with the warnings that Wireshark itself builds with, and some more.
# Each is asked for only where the compiler knows it.

include(CheckCCompilerFlag)

set(warning_flags
  -Wall -Wextra
  # Wireshark's own
  -Wendif-labels -Wpointer-arith -Wformat-security -Wvla -Waddress -Wattributes -Wdiv-by-zero -Wignored-qualifiers
  -Wpragmas -Wheader-guard -Wcomma -Wshorten-64-to-32 -Wredundant-decls -Wunused-const-variable -Wshadow
  -Wold-style-definition -Wstrict-prototypes -Wlogical-op -Werror=implicit -fwrapv -fno-strict-overflow
  -Wframe-larger-than=32768
  # ours; -Wconversion finds lengths that wrap, -Wsign-conversion would complain about Wireshark's API on every line
  -Wmissing-prototypes -Wmissing-declarations -Wcast-qual -Wcast-align -Wunreachable-code -Wconversion -Wno-sign-conversion
  # errors by default from gcc 14 on
  -Werror=incompatible-pointer-types -Werror=int-conversion)
if(MSTUN_WERROR)
  list(APPEND warning_flags -Werror)
endif()

add_library(mstun_warnings INTERFACE)
set(CMAKE_REQUIRED_QUIET ON)
set(CMAKE_REQUIRED_FLAGS "-Wall -Werror") # some flags are refused without -Wall, unknown ones only with -Werror
foreach(flag IN LISTS warning_flags)
  string(MAKE_C_IDENTIFIER "MSTUN_HAVE${flag}" known)
  # A -Wno- flag that is unknown is accepted in silence, so ask for its opposite.
  string(REPLACE "-Wno-" "-W" asked "${flag}")
  check_c_compiler_flag("${asked}" ${known})
  if(${known})
    target_compile_options(mstun_warnings INTERFACE "${flag}")
  endif()
endforeach()
unset(CMAKE_REQUIRED_QUIET)
unset(CMAKE_REQUIRED_FLAGS)

if(MSTUN_SANITIZE)
  set(sanitizer_flags -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_compile_options(mstun_warnings INTERFACE ${sanitizer_flags})
  target_link_options(mstun_warnings INTERFACE ${sanitizer_flags})
elseif(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # A plugin with one unknown symbol is refused when Wireshark starts: find that when linking.
  target_link_options(mstun_warnings INTERFACE -Wl,--no-undefined)
endif()
