# Makes one page without outside parts of a page and the files that it names:
#
#   cmake -DPAGE=main/trace/view/page.html -DOUTPUT=build/page.html -P one_page.cmake
#
# Each <link rel="stylesheet" href="…"> and <script src="…"></script> of PAGE,
# alone on its line, is replaced by what the file beside PAGE holds. In PAGE's
# Content-Security-Policy, script-src 'self' and style-src 'self' become the
# hashes of just these parts: nothing else on the page can run.
foreach(name PAGE OUTPUT)
  if(NOT ${name})
    message(FATAL_ERROR "one_page: -D${name}=… is missing")
  endif()
endforeach()

# The hash of a text, as a Content-Security-Policy names it.
function(source_hash text result)
  set(digits ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(SHA256 hex "${text}")
  # Three hex digits are two of base64: of the 64, one remains.
  set(base64 "")
  foreach(at RANGE 0 60 3)
    string(SUBSTRING "${hex}" ${at} 3 part)
    math(EXPR value "0x${part}")
    math(EXPR high "${value} >> 6")
    math(EXPR low "${value} & 63")
    string(SUBSTRING "${digits}" ${high} 1 high)
    string(SUBSTRING "${digits}" ${low} 1 low)
    string(APPEND base64 "${high}${low}")
  endforeach()
  string(SUBSTRING "${hex}" 63 1 part)
  math(EXPR value "0x${part} << 2")
  string(SUBSTRING "${digits}" ${value} 1 last)
  set(${result} "'sha256-${base64}${last}='" PARENT_SCOPE)
endfunction()

# Replaces each element that `pattern` finds, whose group 1 is a file, by
# `<tag>` and what the file holds, and gives the hashes.
function(put_in page pattern tag result_page result_hashes)
  get_filename_component(folder "${PAGE}" DIRECTORY)
  set(hashes "")
  string(REGEX MATCHALL "${pattern}" elements "${page}")
  foreach(element IN LISTS elements)
    string(REGEX REPLACE "${pattern}" "\\1" name "${element}")
    if(NOT EXISTS "${folder}/${name}")
      message(FATAL_ERROR "one_page: ${PAGE} names ${name}, which is not in "
        "${folder}")
    endif()
    file(READ "${folder}/${name}" text)
    string(TOLOWER "${text}" lower)
    string(FIND "${lower}" "</${tag}" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "one_page: ${name} holds </${tag}, which would end "
        "its element: write it in parts")
    endif()
    set(text "\n${text}")
    source_hash("${text}" hash)
    string(APPEND hashes " ${hash}")
    string(REPLACE "${element}" "<${tag}>${text}</${tag}>" page "${page}")
  endforeach()
  if(hashes STREQUAL "")
    message(FATAL_ERROR "one_page: ${PAGE} names no file for <${tag}>")
  endif()
  set(${result_page} "${page}" PARENT_SCOPE)
  set(${result_hashes} "${hashes}" PARENT_SCOPE)
endfunction()

file(READ "${PAGE}" page)
put_in("${page}" "<link rel=\"stylesheet\" href=\"([^\"]+)\">" style
  page styles)
put_in("${page}" "<script src=\"([^\"]+)\"></script>" script page scripts)
string(REPLACE "style-src 'self'" "style-src${styles}" page "${page}")
string(REPLACE "script-src 'self'" "script-src${scripts}" page "${page}")
file(WRITE "${OUTPUT}" "${page}")
