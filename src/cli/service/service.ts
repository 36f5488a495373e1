/** The service of the chosen daemon: its file, and the commands of its manager. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { type ServicePlace, serviceEnvironment, servicePlace } from "../../system/service.ts";
import type { Context } from "../context.ts";
import { shellWord } from "../text/shell.ts";
import { mark } from "./definition.ts";
import { launchdPlist } from "./launchd-plist.ts";
import { systemdUnit } from "./systemd-unit.ts";

export class Service {
  readonly place: ServicePlace;
  readonly #context: Context;

  constructor(context: Context, system: boolean) {
    this.place = servicePlace(context.choice, system, context.env);
    this.#context = context;
  }

  /** What its file is to say. */
  text(command: string[]): string {
    const { name, system, manager } = this.place;
    const { env } = this.#context;
    const definition = {
      ...{ name, command, system },
      env: { ...serviceEnvironment(env), ...(system ? systemEnvironment(env) : {}) },
    };
    return manager === "systemd" ? systemdUnit(definition) : launchdPlist(definition);
  }

  /** What its file says now; undefined when there is none. Throws where somebody else wrote it. */
  written(): string | undefined {
    const { file } = this.place;
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file, "utf8");
    if (text.includes(mark)) return text;
    throw new HacsError(
      "service-failed",
      `${quote(file)} is there, and daemon install did not write it.`,
      `Look at it, and move it away: mv ${shellWord(file)} ${shellWord(`${file}.mine`)}`,
    );
  }

  /** Throws `service-failed` where no manager answers, with what to do instead. */
  checkManager(): void {
    const { manager } = this.place;
    const asked =
      manager === "systemd"
        ? this.#run([...this.#systemctl, "show", "--property=Version"])
        : this.#run(["launchctl", "version"]);
    if (asked === undefined) return;
    // What sd_booted(3) looks at.
    if (manager === "systemd" && existsSync("/run/systemd/system")) {
      const user = userInfo();
      throw new HacsError(
        "service-failed",
        `The systemd of ${this.place.system ? "this machine" : quote(user.username)} does not answer: ${asked}`,
        `Log in as that user (su and sudo are no logins), or: export XDG_RUNTIME_DIR=/run/user/${user.uid}`,
      );
    }
    throw new HacsError(
      "service-failed",
      `This machine is not run by ${manager}, so there is no service to install: ${asked}`,
      "Elsewhere: crontab -e, and a line: @reboot hacs-session daemon start. In a container: hacs-session daemon run.",
    );
  }

  get active(): boolean {
    const { manager, name } = this.place;
    return (
      this.#run(
        manager === "systemd"
          ? [...this.#systemctl, "is-active", "--quiet", name]
          : ["launchctl", "print", this.#target],
      ) === undefined
    );
  }

  /** Has it started now and whenever the machine, or the user's first login, begins. */
  enable(): string[] {
    const { manager, name, file } = this.place;
    if (manager === "launchd") {
      this.#run(["launchctl", "bootout", this.#target]);
      return this.#all([["launchctl", "bootstrap", this.#domain, file]]);
    }
    return this.#all([
      [...this.#systemctl, "daemon-reload"],
      [...this.#systemctl, "enable", name],
      [...this.#systemctl, "restart", name],
    ]);
  }

  /** What `file` says no more is forgotten by the manager, too. */
  disable(): string[] {
    const { manager, name } = this.place;
    return manager === "launchd"
      ? this.#all([["launchctl", "bootout", this.#target]])
      : this.#all([[...this.#systemctl, "disable", "--now", name]]);
  }

  reload(): string[] {
    return this.place.manager === "launchd"
      ? []
      : this.#all([[...this.#systemctl, "daemon-reload"]]);
  }

  /** It was started, and no daemon answers. */
  silent(): HacsError {
    const { manager, name, system } = this.place;
    const look =
      manager === "systemd"
        ? `journalctl ${system ? "" : "--user "}-u ${name}`
        : `launchctl print ${this.#target}`;
    return new HacsError(
      "service-failed",
      `${name} was started, and no daemon answers.`,
      `Look at: ${look}. Undo it with: hacs-session daemon uninstall`,
    );
  }

  /** What only a person may decide. */
  left(): string[] {
    const { manager, system } = this.place;
    const { username } = userInfo();
    if (manager === "launchd" || system || existsSync(`/var/lib/systemd/linger/${username}`))
      return [];
    return [
      `loginctl enable-linger ${username}   # so that it begins with the machine and outlives your logins`,
    ];
  }

  get #systemctl(): string[] {
    return this.place.system ? ["systemctl"] : ["systemctl", "--user"];
  }

  get #domain(): string {
    return this.place.system ? "system" : `gui/${userInfo().uid}`;
  }

  get #target(): string {
    return `${this.#domain}/${this.place.name}`;
  }

  #all(commands: string[][]): string[] {
    return commands.map((command) => {
      const why = this.#run(command);
      const line = command.map(shellWord).join(" ");
      if (why === undefined) return line;
      throw new HacsError("service-failed", `${line} failed: ${why}`, `Then again: ${line}`);
    });
  }

  /** Undefined when it worked, else what it said. */
  #run([file = "", ...args]: string[]): string | undefined {
    const { env } = this.#context;
    const { status, stderr, error } = spawnSync(file, args, { env, encoding: "utf8" });
    if (status === 0) return undefined;
    return error?.message ?? (stderr.trim().split("\n")[0] || `it ended with ${status}`);
  }
}

/** What a login would set, and systemd does not for the machine's own services. */
function systemEnvironment({ XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): Record<string, string> {
  const { homedir, username, shell } = userInfo();
  return {
    ...{ HOME: homedir, USER: username, SHELL: shell ?? "/bin/sh" },
    ...(XDG_RUNTIME_DIR ? { XDG_RUNTIME_DIR } : {}),
  };
}
