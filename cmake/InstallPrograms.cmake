# The programs, and of each what `--help` says as completions of bash and zsh and as a manual page;
# what a page has besides is in cli/manual/.
find_program(HELP2MAN help2man)
set(shared ${CMAKE_INSTALL_DATADIR})

foreach(program IN ITEMS baton-broker baton-producer baton-consumer baton-printer)
  install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set(made ${PROJECT_BINARY_DIR}/share/${program})
  set(completions ${made}.bash ${made}.zsh)
  add_custom_command(OUTPUT ${completions}
    COMMAND ${PROJECT_SOURCE_DIR}/cli/completion bash $<TARGET_FILE:${program}> ${made}.bash
    COMMAND ${PROJECT_SOURCE_DIR}/cli/completion zsh $<TARGET_FILE:${program}> ${made}.zsh
    DEPENDS ${program} ${PROJECT_SOURCE_DIR}/cli/completion VERBATIM)
  list(APPEND documents ${completions})
  install(FILES ${made}.bash DESTINATION ${shared}/bash-completion/completions RENAME ${program})
  install(FILES ${made}.zsh DESTINATION ${shared}/zsh/site-functions RENAME _${program})
  if(HELP2MAN)
    set(besides ${PROJECT_SOURCE_DIR}/cli/manual/${program}.h2m)
    add_custom_command(OUTPUT ${made}.1
      COMMAND ${HELP2MAN} --no-info --no-discard-stderr --include ${besides} --output ${made}.1
        $<TARGET_FILE:${program}>
      DEPENDS ${program} ${besides} VERBATIM)
    list(APPEND documents ${made}.1)
    install(FILES ${made}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  endif()
endforeach()
add_custom_target(program_documents ALL DEPENDS ${documents})
if(NOT HELP2MAN)
  message(STATUS "No manual pages: help2man is not here")
endif()
