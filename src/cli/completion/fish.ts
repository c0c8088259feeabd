import { quoteForFish } from "../shells.ts";
import type { CompletionNode, Offer } from "./nodes.ts";

/** `'word\tdoc' …` */
const described = (offers: readonly Offer[]) =>
  offers.map(({ word, doc }) => `${quoteForFish(word)}\\t${quoteForFish(doc)}`).join(" ");

/** As in bash, with what each word means beside it. */
export function fishScript(nodes: readonly CompletionNode[]): string {
  const cases = nodes.map(
    (node) => `    case ${quoteForFish(node.path)}
      set -g __tta_persona_commands ${described(node.commands)}
      set -g __tta_persona_options ${described(node.options)}
      set -g __tta_persona_valued ${node.valued.map(quoteForFish).join(" ")}
      set -g __tta_persona_arguments ${node.arguments.map(quoteForFish).join(" ")}
      set -g __tta_persona_depending ${node.depending}`,
  );
  return `# fish completion for tta-persona. Once:
#   tta-persona completion fish > ~/.config/fish/completions/tta-persona.fish
function __tta_persona_at
  for name in commands options valued arguments depending
    set -g __tta_persona_$name
  end
  switch "$argv[1]"
${cases.join("\n")}
  end
end

function __tta_persona
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l program $words[1]
  set -l path
  set -l position 1
  set -l first
  set -l skip
  __tta_persona_at ""
  for word in $words[2..-1]
    if set -q skip[1]
      set -e skip
    else if string match -q -- "-?*" $word
      for option in $__tta_persona_valued
        string match -q -- "$word=*" $option; and set skip (string replace -r '^[^=]*=' '' -- $option)
      end
    else if test $position -eq 1; and string match -q -- $word\\t"*" $__tta_persona_commands
      set -a path $word
      __tta_persona_at "$path"
    else if not set -q path[1]
      set path switch
      set position 2
      __tta_persona_at switch
    else
      test $position -eq 1; and set first $word
      set position (math $position + 1)
    end
  end
  set -l kind $skip
  if not set -q skip[1]
    if string match -q -- "-*" "$current"
      printf '%s\\n' $__tta_persona_options
      if set -q __tta_persona_depending[1]; and set -q first[1]
        $program __complete $__tta_persona_depending $first 2>/dev/null
      end
      return
    end
    test $position -eq 1; and set -q __tta_persona_commands[1]; and printf '%s\\n' $__tta_persona_commands
    set kind $__tta_persona_arguments[$position]
  end
  switch "$kind"
    case '' -
    case '@*'
      $program __complete (string sub -s 2 -- $kind) 2>/dev/null
    case '*'
      string split , -- $kind
  end
end

complete -c tta-persona -f -a '(__tta_persona)'
`;
}
