# How our own code is compiled and linked. System headers stay outside: they
# are in the compiler's default path and never given with -isystem.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, RelWithDebInfo, Debug"
    FORCE)
endif()

# Assertions stay on in every build, so no NDEBUG. No link-time optimisation:
# the time goes into the kernel and into libcaf_core, which is a shared library,
# and every test program would have to be linked that way too.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g -D_GLIBCXX_ASSERTIONS")

# Binding everything at the start costs nothing that can be measured (4.15 ms
# against 4.20 ms for an empty actor system) and lets the loader protect the
# tables.
add_link_options(-Wl,--as-needed -Wl,-z,relro -Wl,-z,now)

option(AGENT_SANITIZE "AddressSanitizer, LeakSanitizer, UBSan" OFF)
option(AGENT_FUZZ "build only the fuzzers (needs Clang)" OFF)
option(AGENT_PRECOMPILE "precompile the heavy headers" ON)

if(AGENT_SANITIZE OR AGENT_FUZZ)
  # -Og and few debug symbols: with UBSan an Asio file takes 3.8 s so, 7.7 s at
  # -O1 and 2.9 s, but slower tests, at -O0.
  set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1 -D_GLIBCXX_ASSERTIONS")
  # Not vptr: its check opens a pipe to see whether memory can be read, and so
  # finds fault with any virtual call while a test has used up all descriptors.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr
    -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
else()
  # Code that nobody calls stays out. So do functions that came out the same
  # (CAF's templates for each message type), see agent_fold_functions: together
  # 0.3 MB less to have in memory. Only gold folds functions; it comes with
  # Debian's binutils.
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)
  add_compile_options(-fstack-protector-strong)
  add_compile_definitions($<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
endif()

# mold links a test program in a fifth of a second where gold takes 2 to 5.
include(CheckLinkerFlag)
check_linker_flag(CXX "-fuse-ld=mold" AGENT_MOLD)
if(AGENT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
check_linker_flag(CXX "-fuse-ld=gold;-Wl,--icf=safe" AGENT_LINKER_FOLDS)

# Links the program that is shipped: as small as it gets.
function(agent_fold_functions target)
  if(AGENT_LINKER_FOLDS AND NOT AGENT_SANITIZE)
    target_link_options(${target} PRIVATE -fuse-ld=gold -Wl,--icf=safe)
  endif()
endfunction()

# Several files as one: their headers are read and their templates made once.
# Measured for the program: 8 files as one 353 s of a core, 16 files 293 s, each
# by itself 600 s; two compilers then take 3 GB. Names in anonymous namespaces
# must differ within a folder. The debug preset compiles each file by itself.
option(AGENT_UNITY "compile up to 16 files as one" ON)
set(CMAKE_UNITY_BUILD ${AGENT_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
if(AGENT_UNITY)
  # The compiler takes the files for headers, where this would be a mistake.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

# Rather memory than a tenth of the time, which g++ spends on collecting garbage.
add_compile_options(
  "$<$<CXX_COMPILER_ID:GNU>:SHELL:--param ggc-min-heapsize=1000000>")

# Warnings for our own targets only, not for what is in cmake/third_party.
function(agent_own_code target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  # g++ 12 sees overflows in std::string's own code where there are none, once
  # it has inlined enough (its bugs 105329 and 105651); the sanitizers look for
  # the real ones.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror
    $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-restrict>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-stringop-overread>)
  if(AGENT_SANITIZE OR AGENT_FUZZ)
    # Instrumented code confuses the analysis of uninitialised variables.
    target_compile_options(${target} PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  endif()
endfunction()

# Tests are compiled often and run once: without optimisation a file of them
# takes about half the time. What they test is compiled as ever. A test names
# the members of a message that it is about, and no others.
#
# The checks of pointers are left to AddressSanitizer there: they are made for
# each use of each reference, and a file of tests takes 82 s with them and 37 s
# without. The product keeps them.
function(agent_test_code target)
  agent_own_code(${target})
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE
    -Wno-missing-field-initializers)
  if(AGENT_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fno-sanitize=null,alignment,object-size,pointer-overflow)
  endif()
endfunction()

# ccache needs to be told that precompiled headers are fine.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${CCACHE_PROGRAM})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
