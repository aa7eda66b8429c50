# What ctest runs, besides the unit tests of CMakeLists.txt. Labels, in the order they run: check unit scenario e2e browser
# fault bench sanitize fuzz. A test that exits 77 is skipped; it says why.

# ---- check: the tree itself ----
add_executable(wfdoc tools/wfdoc.c)
target_link_libraries(wfdoc PRIVATE xy_workflow)
add_test(NAME check_wfdoc COMMAND wfdoc --check WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME check_tidy COMMAND python3 tools/tidy.py WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(check_wfdoc check_tidy PROPERTIES LABELS check TIMEOUT 60)
add_test(NAME check_client COMMAND node tools/client.mjs --check WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(check_client PROPERTIES LABELS check TIMEOUT 60 SKIP_RETURN_CODE 77)
find_program(CLANG_FORMAT clang-format)
if(CLANG_FORMAT)
  add_test(NAME check_format COMMAND find server workers tests tools -name node_modules -prune -o -name "*.[ch]"
    -exec ${CLANG_FORMAT} --dry-run --Werror {} + WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(check_format PROPERTIES LABELS check TIMEOUT 60)
endif()

# ---- e2e, browser, fault, bench: one node program each, against the binaries of this build folder ----
foreach(kind e2e browser fault bench)
  file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${kind}/*_test.mjs)
  foreach(program ${programs})
    get_filename_component(name ${program} NAME_WE)
    string(REGEX REPLACE "_test$" "" name ${name})
    add_test(NAME ${kind}_${name} COMMAND node ${program} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
    set_tests_properties(${kind}_${name} PROPERTIES LABELS ${kind} TIMEOUT 600 SKIP_RETURN_CODE 77
      ENVIRONMENT "XUEYING_BUILD=${CMAKE_BINARY_DIR};XUEYING_SANITIZE=${SANITIZE}")
    if(kind MATCHES "fault|bench") # on the disk, not where tools/lib.sh puts the others' data
      set_tests_properties(${kind}_${name} PROPERTIES ENVIRONMENT_MODIFICATION "TMPDIR=unset:")
    endif()
  endforeach()
endforeach()
# What measures the milliseconds of a page, a camera or a ratio has the machine to itself.
set_tests_properties(browser_student_budget browser_capture bench_ratio PROPERTIES RUN_SERIAL ON)

# ---- identity cards: how many numbers are read, and that none is read wrong; `xueying-idcard-cards` alone does 400 ----
add_test(NAME bench_idcard COMMAND xueying-idcard-cards --cards 40 --emblems 20 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(bench_idcard PROPERTIES LABELS bench TIMEOUT 300 SKIP_RETURN_CODE 77)

# ---- sanitize, fuzz: the ordinary build folder runs the others' tests, so that one ctest closes over everything ----
if(NOT SANITIZE)
  foreach(label unit scenario e2e)
    add_test(NAME asan_${label} COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${CMAKE_SOURCE_DIR}/build-asan
      --output-on-failure --no-tests=error -L "^${label}$")
  endforeach()
  add_test(NAME tsan_store_and_lanes COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${CMAKE_SOURCE_DIR}/build-tsan
    --output-on-failure --no-tests=error -L "^threads$")
  set_tests_properties(asan_unit asan_scenario asan_e2e tsan_store_and_lanes
    PROPERTIES LABELS sanitize TIMEOUT 900)
endif()

if(FUZZ)
  target_compile_options(xy_options INTERFACE $<$<COMPILE_LANGUAGE:C>:-fsanitize=fuzzer-no-link -Wno-error>)
endif()
file(GLOB fuzz_targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.c)
set(fuzz_names "")
foreach(source ${fuzz_targets})
  get_filename_component(name ${source} NAME_WE)
  list(APPEND fuzz_names ${name})
  if(FUZZ)
    file(STRINGS ${source} first_line LIMIT_COUNT 1)
    string(REGEX REPLACE ".*links: *([a-z_ ]*[a-z]) *\\*/.*" "\\1" libraries "${first_line}")
    separate_arguments(libraries)
    add_executable(${name} ${source})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C) # clang, also where the library has C++ in it
    target_link_libraries(${name} PRIVATE ${libraries})
  elseif(NOT SANITIZE)
    add_test(NAME fuzz_${name} COMMAND tools/fuzz-one build-fuzz/${name} 5 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 60)
  endif()
endforeach()
# The decoder inside the real worker: files are mutated here, decoded there; tools/dev fuzz runs 100,000 of them.
if(NOT FUZZ AND NOT SANITIZE)
  add_executable(decoder_run tests/fuzz/decoder_run.c)
  target_link_libraries(decoder_run PRIVATE xy_dispatch xy_workers)
  add_dependencies(decoder_run xueying-worker)
  add_test(NAME fuzz_decoder COMMAND decoder_run 2000 50 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(fuzz_decoder PROPERTIES LABELS fuzz TIMEOUT 120)
endif()
if(FUZZ AND fuzz_names)
  add_custom_target(fuzz_programs DEPENDS ${fuzz_names})
endif()

# ---- tsan: what shares memory between threads (the programs themselves come from CMakeLists.txt) ----
set(thread_programs "")
foreach(name base_test store_test exchange_test exchange_ask_test dispatch_test effects_test compute_test lane_test)
  if(TARGET ${name})
    list(APPEND thread_programs ${name})
    set_property(TEST unit_${name} APPEND PROPERTY LABELS threads)
  endif()
endforeach()
add_custom_target(thread_programs DEPENDS ${thread_programs})

# ---- the order: ctest starts what costs most first ----
get_property(tests DIRECTORY PROPERTY TESTS)
foreach(test ${tests})
  set(cost 0)
  foreach(kind fuzz asan tsan bench fault browser e2e scenario unit check)
    math(EXPR cost "${cost} + 100")
    if(test MATCHES "^${kind}_")
      set_tests_properties(${test} PROPERTIES COST ${cost})
    endif()
  endforeach()
endforeach()
