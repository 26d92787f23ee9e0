# SPDX-License-Identifier: GPL-2.0-or-later
# Where the plugin goes:
#   cmake --install <build>                       for everybody: the folder of Wireshark's own plugins
#   cmake --build <build> --target install-personal   for this user only; root's Wireshark never looks there
#   cmake --build <build> --target uninstall          away from both

if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  # The default /usr/local is a place where an installed Wireshark does not look.
  set(CMAKE_INSTALL_PREFIX "${Wireshark_INSTALL_PREFIX}" CACHE PATH "Prefix of the Wireshark to install into" FORCE)
endif()

set_target_properties(mstun PROPERTIES PREFIX "")
install(TARGETS mstun LIBRARY DESTINATION "${Wireshark_PLUGIN_LIBDIR}/epan")

# The profile: Wireshark offers those of this folder to every user, and copies one that is chosen.
set(global_profile "share/wireshark/profiles/MS-STUN")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/cmake/profile/MS-STUN/" DESTINATION "${global_profile}")

if(WIN32)
  set(personal_folder "$ENV{APPDATA}/Wireshark/plugins/${MSTUN_WIRESHARK_ID}/epan")
  set(personal_configuration "$ENV{APPDATA}/Wireshark")
else()
  set(personal_folder "$ENV{HOME}/.local/lib/wireshark/plugins/${MSTUN_WIRESHARK_ID}/epan")
  set(personal_configuration "$ENV{HOME}/.config/wireshark")
endif()
set(personal_profile "${CMAKE_COMMAND}" "-DTO=${personal_configuration}")
set(global_folder "${CMAKE_INSTALL_PREFIX}/${Wireshark_PLUGIN_LIBDIR}/epan")

add_custom_target(install-personal
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${personal_folder}"
  COMMAND "${CMAKE_COMMAND}" -E copy "$<TARGET_FILE:mstun>" "${personal_folder}"
  COMMAND ${personal_profile} -P "${PROJECT_SOURCE_DIR}/cmake/profile/personal.cmake"
  COMMENT "Installing for this user: ${personal_folder}"
  DEPENDS mstun VERBATIM)

add_custom_target(uninstall
  COMMAND "${CMAKE_COMMAND}" -E rm -f "${personal_folder}/$<TARGET_FILE_NAME:mstun>" "${global_folder}/$<TARGET_FILE_NAME:mstun>"
  COMMAND "${CMAKE_COMMAND}" -E rm -rf "${CMAKE_INSTALL_PREFIX}/${global_profile}"
  COMMAND ${personal_profile} -DREMOVE=ON -P "${PROJECT_SOURCE_DIR}/cmake/profile/personal.cmake"
  COMMENT "Removing mstun from ${personal_folder} and ${global_folder}"
  VERBATIM)
