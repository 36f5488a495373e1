/** The directories that must be the user's own. */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { checkPrivateDirectory, type Paths } from "../../system/paths.ts";
import { type Finding, failed } from "./finding.ts";

export function checkDirectories(paths: Paths): Finding[] {
  const places = [
    ["sockets", dirname(paths.socket)],
    ["state", paths.stateDir],
  ] as const;
  return places.map(([check, path]) => {
    if (!existsSync(path)) return { check, status: "ok", detail: `${path}, not made yet` };
    try {
      checkPrivateDirectory(path);
      accessSync(path, constants.W_OK);
      return { check, status: "ok", detail: `${path}, yours alone and writable` };
    } catch (error) {
      return failed(check, error);
    }
  });
}

/** Without a runtime directory of the login's, sockets go under /tmp, which cleaners may sweep. */
export function checkRuntimeDirectory(env: NodeJS.ProcessEnv): Finding {
  const check = "runtime dir";
  if (env.HACS_SESSION_HOME)
    return { check, status: "ok", detail: `HACS_SESSION_HOME is ${env.HACS_SESSION_HOME}` };
  if (!env.XDG_RUNTIME_DIR) {
    return {
      check,
      status: "warn",
      detail: "XDG_RUNTIME_DIR is not set; sockets are kept in a private directory under /tmp",
      mend: "Set it alike in every shell and service of yours, or they will not find the same daemon.",
    };
  }
  if (existsSync(env.XDG_RUNTIME_DIR))
    return { check, status: "ok", detail: `XDG_RUNTIME_DIR is ${env.XDG_RUNTIME_DIR}` };
  return {
    check,
    status: "warn",
    detail: `XDG_RUNTIME_DIR is ${env.XDG_RUNTIME_DIR}, which does not exist`,
    mend: "Log in afresh (su and sudo keep the variable of another login), or unset it.",
  };
}
