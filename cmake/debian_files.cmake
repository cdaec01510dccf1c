# Run by cpack over the files that become a package: what Debian wants otherwise
# than `make install` has it. The licence is named copyright, there is a
# changelog of Debian's form, and it and man pages lie compressed.
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
set(doc ${share}/doc/container-agent)

file(RENAME ${doc}/LICENSE ${doc}/copyright)
# As manual.cmake: of SOURCE_DATE_EPOCH, if that is set.
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog
  "container-agent (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * What has changed is told in CHANGELOG.md, beside this file.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")

file(GLOB man_pages ${share}/man/man1/*.1)
execute_process(COMMAND gzip -9 -n ${doc}/changelog ${man_pages}
  COMMAND_ERROR_IS_FATAL ANY)
