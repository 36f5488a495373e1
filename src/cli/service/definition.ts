/** What a service is to do, whoever looks after it, and the line that says that a file is ours. */
export interface Definition {
  /** As the manager knows it. */
  name: string;
  /** The program and its arguments, absolute. */
  command: string[];
  env: Record<string, string>;
  system: boolean;
}

export const mark = "Written by: hacs-session daemon install";
