import type { CompletionNode, Offer } from "./nodes.ts";

const words = (offers: readonly Offer[]) => offers.map(({ word }) => word).join(" ");

/** Walks through the words before the cursor to where it stands, then offers what may stand there. */
export function bashScript(nodes: readonly CompletionNode[]): string {
  const cases = nodes.map(
    (node) => `    "${node.path}")
      commands="${words(node.commands)}"
      options="${words(node.options)}"
      valued="${node.valued.join(" ")}"
      arguments="${node.arguments.join(" ")}"
      depending="${node.depending}" ;;`,
  );
  return `# bash completion for tta-persona. In ~/.bashrc: source <(tta-persona completion bash)
_tta_persona_at() {
  commands="" options="" valued="" arguments="" depending=""
  case "$1" in
${cases.join("\n")}
  esac
}

_tta_persona() {
  local commands options valued arguments depending word path="" position=0 first="" skip="" index option
  local offered kind
  local current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  _tta_persona_at ""
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ -n $skip ]]; then
      skip=""
    elif [[ $word == -?* ]]; then
      for option in $valued; do
        [[ \${option%%=*} == "$word" ]] && skip=\${option#*=}
      done
    elif [[ $position -eq 0 && " $commands " == *" $word "* ]]; then
      path="\${path:+$path }$word"
      _tta_persona_at "$path"
    elif [[ -z $path ]]; then
      path=switch position=1
      _tta_persona_at switch
    else
      [[ $position -eq 0 ]] && first=$word
      position=$((position + 1))
    fi
  done
  if [[ -z $skip && $current == -* ]]; then
    offered=$options
    if [[ -n $depending && -n $first ]]; then
      offered="$offered $("\${COMP_WORDS[0]}" __complete "$depending" "$first" 2> /dev/null)"
    fi
  else
    offered=""
    [[ -z $skip && $position -eq 0 ]] && offered=$commands
    local -a kinds
    read -r -a kinds <<< "$arguments"
    kind="\${skip:-\${kinds[position]:-}}"
    case "$kind" in
      "" | -) ;;
      @*) offered="$offered $("\${COMP_WORDS[0]}" __complete "\${kind#@}" 2> /dev/null)" ;;
      *) offered="$offered \${kind//,/ }" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}

complete -F _tta_persona tta-persona
`;
}
