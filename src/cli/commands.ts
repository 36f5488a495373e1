/** The index of the command line: every verb, in the order of the help. */
import type { Verb } from "./verb.ts";
import { approvals } from "./verbs/approvals.ts";
import { approve } from "./verbs/approve.ts";
import { attach } from "./verbs/attach.ts";
import { audit } from "./verbs/audit.ts";
import { completion } from "./verbs/completion.ts";
import { daemon } from "./verbs/daemon/index.ts";
import { deny } from "./verbs/deny.ts";
import { doctor } from "./verbs/doctor.ts";
import { exportSession } from "./verbs/export.ts";
import { fork } from "./verbs/fork.ts";
import { hooks } from "./verbs/hooks/index.ts";
import { interrupt } from "./verbs/interrupt.ts";
import { kill } from "./verbs/kill.ts";
import { ls } from "./verbs/ls.ts";
import { newSession } from "./verbs/new.ts";
import { pair } from "./verbs/pair.ts";
import { panic } from "./verbs/panic.ts";
import { peer } from "./verbs/peer/index.ts";
import { pipe } from "./verbs/pipe.ts";
import { rename } from "./verbs/rename.ts";
import { restart } from "./verbs/restart.ts";
import { rm } from "./verbs/rm.ts";
import { search } from "./verbs/search.ts";
import { send } from "./verbs/send.ts";
import { show } from "./verbs/show.ts";
import { sleep } from "./verbs/sleep.ts";
import { start } from "./verbs/start.ts";
import { tail } from "./verbs/tail.ts";
import { token } from "./verbs/token/index.ts";
import { top } from "./verbs/top.ts";
import { unsend } from "./verbs/unsend.ts";
import { update } from "./verbs/update.ts";
import { wait } from "./verbs/wait.ts";
import { wake } from "./verbs/wake.ts";

export const verbs: readonly Verb[] = [
  newSession,
  attach,
  ls,
  top,
  show,
  start,
  send,
  unsend,
  tail,
  wait,
  interrupt,
  panic,
  approvals,
  approve,
  deny,
  sleep,
  wake,
  restart,
  update,
  rename,
  fork,
  kill,
  rm,
  peer,
  pipe,
  search,
  exportSession,
  audit,
  daemon,
  hooks,
  token,
  pair,
  doctor,
  completion,
];
