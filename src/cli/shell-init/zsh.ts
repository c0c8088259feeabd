import { quoteForShell } from "../shells.ts";
import { EXIT_COMMAND } from "./exit-command.ts";

/**
 * As for bash. Each function begins from zsh's own options, whatever the user's are. The list of projects is read in
 * one go, since zsh's `read` asks the system for each byte.
 *
 * @param state the home's directory of that name, where TTA_PERSONA_HOME does not say otherwise.
 */
export function zshInit(state: string): string {
  return `# tta-persona for zsh. In ~/.zshrc: eval "$(tta-persona shell-init zsh)"
function _tta_persona_init {
  \\builtin emulate -L zsh
  if [[ \${TTA_PERSONA_SHELL-} != "$$"-* ]] && [[ -o interactive || -z \${TTA_PERSONA_SHELL-} ]]; then
    \\builtin typeset -g TTA_PERSONA_SHELL="$$-$RANDOM$RANDOM"
  fi
  \\builtin export TTA_PERSONA_SHELL
  \\builtin typeset -ga zshexit_functions
  if [[ $TTA_PERSONA_SHELL == "$$"-* ]] && (( ! \${zshexit_functions[(I)_tta_persona_exit]} )); then
    zshexit_functions+=(_tta_persona_exit)
  fi
}

# Prints the persona in force, or nothing: tta_persona_prompt [-v variable] [before [after]]
function tta_persona_prompt {
  \\builtin emulate -L zsh
  \\builtin local __tta_variable= __tta_name="\${TTA_PERSONA-}" __tta_said= __tta_line= __tta_dir=.
  \\builtin local __tta_state="\${TTA_PERSONA_HOME:+$TTA_PERSONA_HOME/state}"
  if [[ \${1-} == -v && $# -ge 2 ]]; then
    __tta_variable=$2
    \\builtin shift 2
  fi
  [[ -n $__tta_state ]] || __tta_state=${quoteForShell(state)}
  [[ $__tta_name == *[^[:space:]]* ]] || __tta_name=
  if [[ -z $__tta_name && \${TTA_PERSONA_SHELL-} == [1-9]*-* ]]; then
    { \\builtin read -r __tta_name < "$__tta_state/shells/$TTA_PERSONA_SHELL" } 2> /dev/null || \\builtin :
  fi
  if [[ -z $__tta_name ]]; then
    while [[ -d $__tta_dir ]]; do
      if [[ -e $__tta_dir/.tta-persona/persona || -L $__tta_dir/.tta-persona/persona ]]; then
        if [[ -f $__tta_dir/.tta-persona/persona ]]; then
          { \\builtin read -r __tta_name < "$__tta_dir/.tta-persona/persona" } 2> /dev/null || \\builtin :
        fi
        if [[ -r $__tta_state/projects ]]; then
          for __tta_line in "\${(@f)$(<"$__tta_state/projects")}"; do
            if [[ \${__tta_line#*$'\\t'} -ef $__tta_dir ]]; then __tta_said=\${__tta_line%%$'\\t'*}; fi
          done
        fi
        [[ $__tta_name == "$__tta_said" ]] || __tta_name=
        \\builtin break
      fi
      if [[ $__tta_dir -ef / ]]; then \\builtin break; fi
      __tta_dir=$__tta_dir/..
    done
  fi
  if [[ -z $__tta_name ]]; then
    { \\builtin read -r __tta_name < "$__tta_state/session" } 2> /dev/null || \\builtin :
  fi
  if [[ $__tta_name == *[^A-Za-z0-9-]* ]]; then __tta_name=; fi
  if [[ -n $__tta_name ]]; then __tta_name=\${1-}$__tta_name\${2-}; fi
  if [[ -n $__tta_variable ]]; then
    \\builtin typeset -g -- "$__tta_variable=$__tta_name"
  else
    \\builtin printf %s "$__tta_name"
  fi
}

# Ends the session of this shell's own persona, without keeping the shell.
function _tta_persona_exit {
  \\builtin emulate -L zsh
  \\builtin local __tta_state="\${TTA_PERSONA_HOME:+$TTA_PERSONA_HOME/state}"
  \\builtin local -a __tta_apart
  [[ -n $__tta_state ]] || __tta_state=${quoteForShell(state)}
  if [[ \${TTA_PERSONA_SHELL-} == "$$"-* && -e $__tta_state/shells/$TTA_PERSONA_SHELL ]]; then
    if \\builtin whence -p setsid > /dev/null; then __tta_apart=(setsid); fi
    (\\builtin trap '' HUP; \\command $__tta_apart ${EXIT_COMMAND} < /dev/null > /dev/null 2>&1 &)
  fi
}

_tta_persona_init
`;
}
