# SPDX-License-Identifier: GPL-2.0-or-later
# Packages for the Wireshark that this build is for: .deb, .rpm, and a .tar.gz with an install script. cmake/package/package.sh makes
# them; what is in them beside the installed files lies in that folder.

set(MSTUN_MAINTAINER "mstun maintainers <maintainers@users.noreply.b-seed-07b2eb06.example>" CACHE STRING
  "Name and address in packages")
set(MSTUN_PACKAGE_DEPENDS "" CACHE STRING "Debian packages that the plugin needs, beside those that its libraries are in")

set(package_version "${PROJECT_VERSION}+ws${MSTUN_WIRESHARK_ID}") # one package for each minor version of Wireshark
set(package_release 1)
string(TIMESTAMP package_day "%Y-%m-%d" UTC) # of SOURCE_DATE_EPOCH, where that is set
string(TIMESTAMP package_year "%Y" UTC)
string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)

set(package_files "${PROJECT_BINARY_DIR}/package")
foreach(file IN ITEMS mstun.7 changelog copyright install.sh project.cmake)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/package/${file}.in" "${package_files}/${file}" @ONLY)
endforeach()
find_program(GZIP gzip)
if(GZIP)
  execute_process(COMMAND "${GZIP}" -9nc "${package_files}/mstun.7" OUTPUT_FILE "${package_files}/mstun.7.gz")
  execute_process(COMMAND "${GZIP}" -9nc "${package_files}/changelog" OUTPUT_FILE "${package_files}/changelog.Debian.gz")
endif()

# In packages only, not in `cmake --install`; project.cmake says which component is in which package.
install(FILES "${package_files}/mstun.7.gz" DESTINATION share/man/man7 COMPONENT manual EXCLUDE_FROM_ALL)
install(FILES "${package_files}/copyright" "${package_files}/changelog.Debian.gz" DESTINATION share/doc/mstun
  COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/package/lintian-overrides" DESTINATION share/lintian/overrides RENAME mstun
  COMPONENT debian EXCLUDE_FROM_ALL)

install(TARGETS mstun LIBRARY DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)
install(PROGRAMS "${package_files}/install.sh" DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)
install(FILES "${package_files}/mstun.7" "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)

# README and the documents that it links to, in folders as they are here, which the links need.
function(install_documents folder component)
  install(FILES "${PROJECT_SOURCE_DIR}/README.md" DESTINATION "${folder}" COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/plugin/doc" DESTINATION "${folder}/plugin" COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/cmake/pictures" DESTINATION "${folder}/cmake" COMPONENT ${component}
    EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.png")
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/CONTRIBUTING.md" DESTINATION "${folder}/cmake" COMPONENT ${component}
    EXCLUDE_FROM_ALL)
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/package/OTHER-SYSTEMS.md" DESTINATION "${folder}/cmake/package"
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()
install_documents(. archive)
install_documents(share/doc/mstun manual)
if(EXISTS "${PROJECT_SOURCE_DIR}/cmake/profile/MS-STUN")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/cmake/profile/MS-STUN" DESTINATION profiles
    COMPONENT archive EXCLUDE_FROM_ALL)
endif()

set(CPACK_PACKAGE_NAME mstun)
set(CPACK_PACKAGE_VENDOR mstun)
set(CPACK_PACKAGE_CONTACT "${MSTUN_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Microsoft STUN/TURN and TURN over TCP for Wireshark ${MSTUN_WIRESHARK_ID}")
set(CPACK_PACKAGE_DESCRIPTION "A dissector plugin for STUN and TURN over TCP: Skype for Business, Lync,
Teams, Cisco Meeting Server, Expressway-E, and any TURN server with TCP
relaying (RFC 6062). It needs no settings.
.
Reports show which candidate pairs work, what became of TURN allocations and
relayed connections, and what is broken: one row for each cause.")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}")
set(CPACK_PROJECT_CONFIG_FILE "${package_files}/project.cmake")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
string(TOLOWER "mstun-${PROJECT_VERSION}-wireshark-${MSTUN_WIRESHARK_ID}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}"
  CPACK_PACKAGE_FILE_NAME) # of the archive, and its folder

set(CPACK_DEBIAN_PACKAGE_VERSION "${package_version}")
set(CPACK_DEBIAN_PACKAGE_RELEASE "${package_release}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "${MSTUN_PACKAGE_DEPENDS}")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "wireshark | tshark")
set(CPACK_DEBIAN_PACKAGE_ENHANCES "wireshark, tshark")

set(CPACK_RPM_PACKAGE_VERSION "${package_version}")
set(CPACK_RPM_PACKAGE_RELEASE "${package_release}")
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "GPL-2.0-or-later")
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_RPM_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_PACKAGE_GROUP "Applications/Internet")
set(CPACK_RPM_PACKAGE_AUTOREQ ON) # libwireshark's so-name, which changes with each minor version
cmake_path(GET Wireshark_PLUGIN_LIBDIR PARENT_PATH plugins)
cmake_path(GET plugins PARENT_PATH wireshark)
cmake_path(GET wireshark PARENT_PATH lib)
foreach(folder IN ITEMS "${lib}" "${wireshark}" "${plugins}" "${Wireshark_PLUGIN_LIBDIR}" "${Wireshark_PLUGIN_LIBDIR}/epan"
    share share/man share/man/man7 share/doc share/wireshark share/wireshark/profiles)
  list(APPEND CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION "/usr/${folder}") # other packages' folders
endforeach()

include(CPack)
