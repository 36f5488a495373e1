# fish completion for hacs-session
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
