# SPDX-License-Identifier: GPL-2.0-or-later
# The profile MS-STUN in a user's own Wireshark configuration, without ever overwriting what the user has changed.
#
#   cmake -DTO=<folder of Wireshark's configuration> -P cmake/profile/personal.cmake            copies it there
#   cmake -DTO=<folder of Wireshark's configuration> -DREMOVE=ON -P cmake/profile/personal.cmake   takes it away
#
# The file "mstun" in the profile has the hash of each file as it was put there: one that has another hash now is the
# user's. "recent" (the widths of columns) is Wireshark's own, which writes it anew whenever it ends.

cmake_minimum_required(VERSION 3.20)
set(shipped "${CMAKE_CURRENT_LIST_DIR}/MS-STUN")
set(profile "${TO}/profiles/MS-STUN")
set(files preferences colorfilters dfilter_buttons)
set(hashes "")
if(EXISTS "${profile}/mstun")
  file(STRINGS "${profile}/mstun" hashes)
endif()

set(new_hashes "")
set(changed "")
foreach(file IN LISTS files)
  set(hash "")
  if(EXISTS "${profile}/${file}")
    file(SHA256 "${profile}/${file}" hash)
  endif()
  file(SHA256 "${shipped}/${file}" shipped_hash)
  if(hash AND NOT hash STREQUAL shipped_hash AND NOT "${file} ${hash}" IN_LIST hashes)
    list(APPEND changed "${file}")
  elseif(REMOVE)
    file(REMOVE "${profile}/${file}")
  else()
    file(COPY "${shipped}/${file}" DESTINATION "${profile}")
    file(SHA256 "${profile}/${file}" hash)
    list(APPEND new_hashes "${file} ${hash}\n")
  endif()
endforeach()
if(NOT REMOVE AND NOT EXISTS "${profile}/recent")
  file(COPY "${shipped}/recent" DESTINATION "${profile}")
endif()

if(changed)
  list(JOIN changed ", " changed)
  message("Kept, because changed by you: ${changed} in ${profile}")
endif()
if(NOT REMOVE)
  file(WRITE "${profile}/mstun" ${new_hashes})
elseif(changed)
  file(REMOVE "${profile}/mstun")
elseif(EXISTS "${profile}")
  file(REMOVE "${profile}/mstun" "${profile}/recent")
  file(GLOB left "${profile}/*")
  if(NOT left)
    file(REMOVE_RECURSE "${profile}")
  endif()
endif()
