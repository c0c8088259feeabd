import { quoteForShell } from "../shells.ts";
import { EXIT_COMMAND } from "./exit-command.ts";

/**
 * For bash from 3.2 on. Commands are named so that neither aliases nor functions of the user's get in between, and
 * nothing here minds `set -eu`. Behind `\builtin`, `local` splits into words what is not quoted. The directory is walked
 * by `..`, as the system sees it: `$PWD` may go through links.
 *
 * @param state the home's directory of that name, where TTA_PERSONA_HOME does not say otherwise.
 */
export function bashInit(state: string): string {
  return `# tta-persona for bash. In ~/.bashrc: eval "$(tta-persona shell-init bash)"
if [[ \${TTA_PERSONA_SHELL-} != "$$"-* ]] && [[ $- == *i* || -z \${TTA_PERSONA_SHELL-} ]]; then
  TTA_PERSONA_SHELL=$$-$RANDOM$RANDOM
fi
\\builtin export TTA_PERSONA_SHELL

# Prints the persona in force, or nothing: tta_persona_prompt [-v variable] [before [after]]
function tta_persona_prompt {
  \\builtin local __tta_variable= __tta_name="\${TTA_PERSONA-}" __tta_said= __tta_line= __tta_root= __tta_dir=.
  \\builtin local __tta_state="\${TTA_PERSONA_HOME:+$TTA_PERSONA_HOME/state}"
  if [[ \${1-} == -v && $# -ge 2 ]]; then
    __tta_variable=$2
    \\builtin shift 2
  fi
  [[ -n $__tta_state ]] || __tta_state=${quoteForShell(state)}
  [[ $__tta_name == *[![:space:]]* ]] || __tta_name=
  if [[ -z $__tta_name && \${TTA_PERSONA_SHELL-} == [1-9]*-* ]]; then
    { \\builtin read -r __tta_name < "$__tta_state/shells/$TTA_PERSONA_SHELL"; } 2> /dev/null || \\builtin :
  fi
  if [[ -z $__tta_name ]]; then
    while [[ -d $__tta_dir ]]; do
      if [[ -e $__tta_dir/.tta-persona/persona || -L $__tta_dir/.tta-persona/persona ]]; then
        if [[ -f $__tta_dir/.tta-persona/persona ]]; then
          { \\builtin read -r __tta_name < "$__tta_dir/.tta-persona/persona"; } 2> /dev/null || \\builtin :
        fi
        while IFS=$'\\t' \\builtin read -r __tta_line __tta_root; do
          if [[ $__tta_root -ef $__tta_dir ]]; then __tta_said=$__tta_line; fi
        done 2> /dev/null < "$__tta_state/projects" || \\builtin :
        [[ $__tta_name == "$__tta_said" ]] || __tta_name=
        \\builtin break
      fi
      if [[ $__tta_dir -ef / ]]; then \\builtin break; fi
      __tta_dir=$__tta_dir/..
    done
  fi
  if [[ -z $__tta_name ]]; then
    { \\builtin read -r __tta_name < "$__tta_state/session"; } 2> /dev/null || \\builtin :
  fi
  if [[ $__tta_name == *[!A-Za-z0-9-]* ]]; then __tta_name=; fi
  if [[ -n $__tta_name ]]; then __tta_name=\${1-}$__tta_name\${2-}; fi
  if [[ -n $__tta_variable ]]; then
    \\builtin printf -v "$__tta_variable" %s "$__tta_name"
  else
    \\builtin printf %s "$__tta_name"
  fi
}

# Ends the session of this shell's own persona, without keeping the shell.
function _tta_persona_exit {
  \\builtin local __tta_status=$? __tta_apart=
  \\builtin local __tta_state="\${TTA_PERSONA_HOME:+$TTA_PERSONA_HOME/state}"
  [[ -n $__tta_state ]] || __tta_state=${quoteForShell(state)}
  if [[ \${TTA_PERSONA_SHELL-} == "$$"-* && -e $__tta_state/shells/$TTA_PERSONA_SHELL ]]; then
    if \\builtin type -P setsid > /dev/null; then __tta_apart=setsid; fi
    (\\builtin trap '' HUP; \\builtin command $__tta_apart ${EXIT_COMMAND} < /dev/null > /dev/null 2>&1 &)
  fi
  \\builtin return "$__tta_status"
}

# Before whatever is to be done at the exit already.
function _tta_persona_trap {
  \\builtin eval "\\\\builtin set -- $(\\builtin trap -p EXIT)"
  if [[ $TTA_PERSONA_SHELL != "$$"-* || \${3-} == *_tta_persona_exit* ]]; then \\builtin return 0; fi
  \\builtin trap -- "_tta_persona_exit"$'\\n'"\${3-}" EXIT
}
_tta_persona_trap
`;
}
