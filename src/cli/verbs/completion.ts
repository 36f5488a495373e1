import { completionScript, SHELLS, type Shell } from "../completion/scripts.ts";
import type { Verb } from "../verb.ts";

export const completion: Verb = {
  name: "completion",
  group: "Daemon and set-up",
  summary: "print a completion script for bash, zsh or fish",
  arguments: ["<shell>"],
  argumentChoices: SHELLS,
  examples: [
    ['eval "$(hacs-session completion bash)"', "in ~/.bashrc"],
    [
      "hacs-session completion zsh > ~/.zfunc/_hacs-session",
      "with fpath+=(~/.zfunc) before compinit in ~/.zshrc",
    ],
    ["hacs-session completion fish > ~/.config/fish/completions/hacs-session.fish", "for fish"],
  ],
  async run(context, [shell]) {
    context.write(completionScript(shell as Shell));
    return undefined;
  },
};
