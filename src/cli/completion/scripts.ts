/**
 * The completion scripts. They hold no word of the command line: each asks `__complete` and
 * hands what it says to its shell. The files in `completions/` are these texts.
 */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}

const bash = `# bash completion for hacs-session
_hacs_session() {
  local current=\${COMP_WORDS[COMP_CWORD]} line
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
      :directories)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]/#\\~/$HOME}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _hacs_session hacs-session
`;

const zsh = `#compdef hacs-session
# zsh completion for hacs-session
_hacs-session() {
  local line value
  local -a values
  for line in \${(f)"$(\${~words[1]} __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
    case $line in
      :files) _files ;;
      :directories) _files -/ ;;
      *$'\\t'*)
        value=\${line%%$'\\t'*}
        values+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
        ;;
      *) values+=("\${line//:/\\\\:}") ;;
    esac
  done
  (( $#values )) && _describe hacs-session values
}
if [[ \${funcstack[1]} == _hacs-session ]]; then
  _hacs-session "$@"
else
  compdef _hacs-session hacs-session
fi
`;

const fish = `# fish completion for hacs-session
function __hacs_session_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  set -l current (commandline -ct | string collect --allow-empty)
  for line in (command $program __complete $words "$current" 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path "$current"
      case :directories
        __fish_complete_directories "$current"
      case '*'
        echo $line
    end
  end
end
complete -c hacs-session -f -a '(__hacs_session_complete)'
`;
