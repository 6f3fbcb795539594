" Vim compiler file: getput
" :compiler getput, then :make HEAD, :make --staged, or :make 0001-my.patch

if exists("current_compiler")
  finish
endif
let current_compiler = "getput"

let s:cpo_save = &cpo
set cpo&vim

CompilerSet makeprg=getput\ check\ --quiet\ --no-color\ $*
CompilerSet errorformat=
      \%f:%l:%c:\ %trror:\ %m,
      \%f:%l:%c:\ %tarning:\ %m,
      \%f:%l:%c:\ %tote:\ %m,
      \%f:%l:\ %tote:\ %m,
      \%-G%.%#

let &cpo = s:cpo_save
unlet s:cpo_save
