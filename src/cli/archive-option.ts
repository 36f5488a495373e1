import type { Option } from "./verb.ts";

/** Of the verbs that read what a session of any machine has left in the archive. */
export const archiveOption: Option = {
  flags: "--archive",
  about: "from the archive, where sessions of all machines are: MACHINE/SESSION, or an id",
};
