# Makes a C++ file that holds a text byte for byte:
#
#   cmake -DTEXT=page.html -DOUTPUT=page.cpp -DFUNCTION=live_view_page
#     -DHEADER=main/server/live_view.hpp -P embed_text.cmake
foreach(name TEXT OUTPUT FUNCTION HEADER)
  if(NOT ${name})
    message(FATAL_ERROR "embed_text: -D${name}=… is missing")
  endif()
endforeach()

file(READ "${TEXT}" text)
string(FIND "${text}" ")embedded\"" found)
if(NOT found EQUAL -1)
  message(FATAL_ERROR "embed_text: ${TEXT} holds the end of a raw string")
endif()
# A string literal must not be longer than 64 KiB to be portable; neighbours
# become one.
string(LENGTH "${text}" length)
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 16000 part)
  string(APPEND literals "    R\"embedded(${part})embedded\"\n")
  math(EXPR at "${at} + 16000")
endwhile()
file(WRITE "${OUTPUT}" "#include \"${HEADER}\"

namespace container_agent {

std::string_view ${FUNCTION}() {
  static constexpr std::string_view text{
${literals}  };
  return text;
}

} // namespace container_agent
")
