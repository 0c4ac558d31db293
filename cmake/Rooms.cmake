# The ways a room is built. Rooms list files; only this file knows tablegen, the
# shared precompiled header and who may link LLVM.
include(TableGen)
include(AddLLVM)
include(AddMLIR)

include_directories(${PROJECT_SOURCE_DIR})
# Generated headers are SYSTEM: what tablegen writes is not ours to mend.
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS} ${PROJECT_BINARY_DIR})
add_compile_options(-Wall -Wextra -Werror)
# g++ 12 takes the concatenation of short strings for overlapping or endless copies
# (its bug 105651); later versions do not.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  foreach(falseAlarm restrict stringop-overread stringop-overflow array-bounds)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-${falseAlarm}>)
  endforeach()
endif()

# A file with MLIR headers costs 4 to 10 s to parse; one header parsed once and
# shared by every room brings that to 2 to 4. It knows the folder in which it was
# made, so ccache does not keep it: every build folder makes its own. What includes
# it ccache keeps, for any clone: it knows the header by the sum beside it.
add_library(tenonPch STATIC ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
target_precompile_headers(tenonPch PRIVATE <cmake/pch.h>)
set_target_properties(tenonPch PROPERTIES CXX_COMPILER_LAUNCHER "")
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # A driver option, whose path ccache makes relative.
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include-pch <PCH_FILE>)
  set(pchSuffix pch)
else()
  set(pchSuffix gch)
endif()
file(SHA256 ${PROJECT_SOURCE_DIR}/cmake/pch.h pchSum)
file(WRITE ${PROJECT_BINARY_DIR}/CMakeFiles/tenonPch.dir/cmake_pch.hxx.${pchSuffix}.sum
  "${pchSum} ${CMAKE_CXX_COMPILER_VERSION} ${LLVM_PACKAGE_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_BUILD_TYPE}\n")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/pch.h)

# tenon_runtime_library(<name> SOURCES ... LINKS ...): no MLIR, no LLVM.
function(tenon_runtime_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_LINKS})
endfunction()

# tenon_library(<name> SOURCES ... LINKS ... DEPENDS ...)
function(tenon_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_LINKS} MLIR LLVM)
  target_precompile_headers(${name} REUSE_FROM tenonPch)
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
endfunction()

# tenon_interface(<Name> ...): each <Name>.td holds op interfaces; headers <Name>.{h,cpp}.inc.
function(tenon_interfaces library)
  cmake_parse_arguments(arg "" "" "INTERFACES;SOURCES;LINKS" ${ARGN})
  foreach(name ${arg_INTERFACES})
    set(LLVM_TARGET_DEFINITIONS ${name}.td)
    mlir_tablegen(${name}.h.inc -gen-op-interface-decls)
    mlir_tablegen(${name}.cpp.inc -gen-op-interface-defs)
  endforeach()
  add_public_tablegen_target(${library}IncGen)
  tenon_library(${library} SOURCES ${arg_SOURCES} LINKS ${arg_LINKS} DEPENDS ${library}IncGen)
endfunction()

# tenon_dialect(<Name> [TYPES] SOURCES ... LINKS ...): <Name>Ops.td -> library tenon<Name>.
# The dialect's mnemonic is <Name> in lower case. TYPES: the dialect has types.
function(tenon_dialect name)
  cmake_parse_arguments(arg "TYPES" "" "SOURCES;LINKS" ${ARGN})
  string(TOLOWER ${name} mnemonic)
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${mnemonic})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${mnemonic})
  mlir_tablegen(${name}Enums.h.inc -gen-enum-decls)
  mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs)
  mlir_tablegen(${name}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${mnemonic})
  mlir_tablegen(${name}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${mnemonic})
  if(arg_TYPES)
    mlir_tablegen(${name}Types.h.inc -gen-typedef-decls -typedefs-dialect=${mnemonic})
    mlir_tablegen(${name}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${mnemonic})
  endif()
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${name}.md -gen-dialect-doc -dialect=${mnemonic})
  add_public_tablegen_target(tenon${name}IncGen)
  tenon_library(tenon${name} SOURCES ${arg_SOURCES} LINKS ${arg_LINKS} DEPENDS tenon${name}IncGen)
endfunction()

# tenon_passes(<Name> SOURCES ... LINKS ...): Passes.td -> library tenon<Name>Passes.
function(tenon_passes name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name ${name})
  mlir_tablegen(Passes.md -gen-pass-doc)
  add_public_tablegen_target(tenon${name}PassesIncGen)
  tenon_library(tenon${name}Passes SOURCES ${arg_SOURCES} LINKS ${arg_LINKS} DEPENDS tenon${name}PassesIncGen)
endfunction()

# tenon_test(<name> [THREADS] SOURCES ... LINKS ...): one GoogleTest program, run by
# ctest. THREADS: its subject is shared between threads, so ThreadSanitizer runs it too.
add_custom_target(tenonThreadTests)
function(tenon_test name)
  cmake_parse_arguments(arg "THREADS" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  if(arg_THREADS)
    set_tests_properties(${name} PROPERTIES LABELS threads)
    add_dependencies(tenonThreadTests ${name})
  endif()
endfunction()
