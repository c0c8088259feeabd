import { quoteForFish } from "../shells.ts";
import { EXIT_COMMAND } from "./exit-command.ts";

/**
 * As for bash. What stands in brackets are fish's own commands, for which it starts no process.
 *
 * @param state the home's directory of that name, where TTA_PERSONA_HOME does not say otherwise.
 */
export function fishInit(state: string): string {
  return `# tta-persona for fish. In ~/.config/fish/config.fish: tta-persona shell-init fish | source
if not string match -q -- "$fish_pid-*" "$TTA_PERSONA_SHELL"
  if status is-interactive; or test -z "$TTA_PERSONA_SHELL"
    set -gx TTA_PERSONA_SHELL $fish_pid-(random)(random)
  end
end

function tta_persona_prompt --description 'Print the persona in force: [-v variable] [before [after]]'
  set -l variable
  if test (count $argv) -ge 2; and test "$argv[1]" = -v
    set variable $argv[2]
    set -e argv[1..2]
  end
  set -l state ${quoteForFish(state)}
  test -n "$TTA_PERSONA_HOME"; and set state "$TTA_PERSONA_HOME/state"
  set -l name (string trim -- "$TTA_PERSONA")
  if test -z "$name"; and string match -q -- '*-*' "$TTA_PERSONA_SHELL"
    set -l file "$state/shells/$TTA_PERSONA_SHELL"
    test -r "$file"; and builtin read name < "$file"
  end
  if test -z "$name"
    set -l dir (string trim -r -c / -- (builtin pwd -P 2> /dev/null))
    while true
      set -l file "$dir/.tta-persona/persona"
      if test -e "$file" -o -L "$file"
        test -f "$file"; and test -r "$file"; and builtin read name < "$file"
        set -l said
        set -l root "$dir"
        test -n "$root"; or set root /
        if test -r "$state/projects"
          set -l line '^(.*?)\\t'(string escape --style=regex -- "$root")'$'
          set said (string replace -rf -- $line '$1' < "$state/projects")
        end
        test "$name" = "$said[-1]"; or set name
        break
      end
      test -n "$dir"; or break
      set dir (string replace -r -- '/[^/]*$' '' "$dir")
    end
  end
  if test -z "$name"; and test -r "$state/session"
    builtin read name < "$state/session"
  end
  if string match -qr -- '^[A-Za-z0-9-]+$' "$name"
    set name "$argv[1]$name$argv[2]"
  else
    set name ''
  end
  if test -n "$variable"
    set -g $variable "$name"
  else
    builtin printf %s "$name"
  end
end

# Ends the session of this shell's own persona, without keeping the shell.
function _tta_persona_exit --on-event fish_exit
  set -l state ${quoteForFish(state)}
  test -n "$TTA_PERSONA_HOME"; and set state "$TTA_PERSONA_HOME/state"
  string match -q -- "$fish_pid-*" "$TTA_PERSONA_SHELL"; or return
  test -e "$state/shells/$TTA_PERSONA_SHELL"; or return
  # Where the terminal hangs up, what is not yet in a session of its own goes with it: so that is waited for.
  if not command -q setsid; or not command setsid -w sh -c '${EXIT_COMMAND} &' < /dev/null > /dev/null 2>&1
    command ${EXIT_COMMAND} < /dev/null > /dev/null 2>&1 &
    disown
  end
end

# Hung up, fish often ends without its exit event. With a handler it has to be told to exit; yours goes first.
if status is-interactive; and not functions --handlers-type=signal | string match -q '*HUP*'
  function _tta_persona_hangup --on-signal HUP
    _tta_persona_exit
    exit 129
  end
end
`;
}
