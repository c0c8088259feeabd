import type { CompletionNode, Offer } from "./nodes.ts";

/** For `_describe`: `word:doc`, colons in the words escaped. */
const described = (offers: readonly Offer[]) =>
  offers.map(({ word, doc }) => `'${word.replaceAll(":", "\\:")}:${doc.replaceAll("'", "'\\''")}'`).join(" ");

/** As in bash, with what each word means beside it. */
export function zshScript(nodes: readonly CompletionNode[]): string {
  const cases = nodes.map(
    (node) => `    "${node.path}")
      commands=(${described(node.commands)})
      options=(${described(node.options)})
      valued=(${node.valued.join(" ")})
      arguments=(${node.arguments.join(" ")})
      depending="${node.depending}" ;;`,
  );
  return `#compdef tta-persona
# zsh completion for tta-persona. In ~/.zshrc, after compinit: source <(tta-persona completion zsh)
_tta_persona_at() {
  commands=() options=() valued=() arguments=() depending=""
  case "$1" in
${cases.join("\n")}
  esac
}

_tta_persona() {
  local -a commands options valued arguments live
  local word where="" first="" skip="" kind depending
  local -i position=0 index
  _tta_persona_at ""
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    if [[ -n $skip ]]; then
      skip=""
    elif [[ $word == -?* ]]; then
      skip="\${\${valued[(r)\${(b)word}=*]}#*=}"
    elif (( position == 0 && \${commands[(I)\${(b)word}:*]} )); then
      where="\${where:+$where }$word"
      _tta_persona_at "$where"
    elif [[ -z $where ]]; then
      where=switch position=1
      _tta_persona_at switch
    else
      (( position == 0 )) && first="$word"
      position+=1
    fi
  done
  if [[ -z $skip && \${words[CURRENT]} == -* ]]; then
    if [[ -n $depending && -n $first ]]; then
      options+=("\${(@f)$("\${(Q)words[1]}" __complete "$depending" "\${(Q)first}" 2> /dev/null)}")
    fi
    _describe -o option options
    return
  fi
  [[ -z $skip ]] && (( position == 0 && $#commands )) && _describe command commands
  kind="\${skip:-\${arguments[position + 1]}}"
  case "$kind" in
    -) [[ -n $skip ]] && _message value ;;
    "") ;;
    @*)
      live=("\${(@f)$("\${(Q)words[1]}" __complete "\${kind#@}" 2> /dev/null)}")
      _describe "\${kind#@}" live ;;
    *)
      live=("\${(@s:,:)kind}")
      _describe argument live ;;
  esac
}

if [[ \${funcstack[1]} == _tta_persona ]]; then
  _tta_persona "$@"
else
  compdef _tta_persona tta-persona
fi
`;
}
