# Writes HEADERS, in their order, into the file TO as string literals of C++,
# without what includes one in another.
set(text "")
foreach(header ${HEADERS})
  file(READ ${header} content)
  string(REGEX REPLACE "#pragma once\n" "" content "${content}")
  string(REGEX REPLACE "#include \"[^\"]*\"\n" "" content "${content}")
  string(APPEND text "R\"cuda(${content})cuda\"\n")
endforeach()
file(WRITE ${TO} "${text}")
