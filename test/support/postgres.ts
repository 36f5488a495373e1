/**
 * A Postgres of a test's own: Debian's, in a directory of its own, on a unix socket and a port of
 * 127.0.0.1. It refuses to run as root, so there it runs as its own user.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { setPriority } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { programOf } from "./debian.ts";
import { eventually } from "./eventually.ts";
import { signal, whenGone } from "./processes.ts";

const versions = "/usr/lib/postgresql";

/** Debian keeps each version's programs apart, and none of them on PATH. */
function binaries(): string | undefined {
  try {
    const newest = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a))[0];
    return newest && join(versions, newest, "bin");
  } catch {
    return undefined;
  }
}

const found = binaries();
/** Where its programs are; undefined, and said so, when there are none. */
export const postgresPrograms = found ?? (programOf("postgres", "postgresql") ? "" : undefined);

const asRoot = process.getuid?.() === 0;

export type Rows = Record<string, unknown>[];

export class Postgres {
  readonly dir: string;
  readonly port: number;
  #server: ChildProcess | undefined;
  #pid = 0;

  private constructor(dir: string, port: number) {
    this.dir = dir;
    this.port = port;
  }

  static async create(settings: string[] = []): Promise<Postgres> {
    const dir = realpathSync(mkdtempSync("/tmp/hs-pg-"));
    chmodSync(dir, 0o755);
    if (asRoot) {
      const [uid, gid] = ["-u", "-g"].map((flag) =>
        Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })),
      );
      chownSync(dir, uid!, gid!);
    }
    const postgres = new Postgres(dir, await freePort());
    const password = join(dir, "password");
    writeFileSync(password, `${superPassword}\n`, { mode: 0o644 });
    const how = ["-U", "postgres", "--pwfile", password, "-E", "UTF8", "--no-locale"];
    postgres.#run("initdb", ["-D", postgres.data, "-A", "scram-sha-256", ...how]);
    rmSync(password);
    const own = [`listen_addresses = '127.0.0.1'`, `unix_socket_directories = '${dir}'`];
    const quick = ["fsync = on", "max_connections = 60", "shared_buffers = 16MB"];
    execFileSync("sh", ["-c", `cat >> ${postgres.data}/postgresql.conf`], {
      input: [...own, `port = ${postgres.port}`, ...quick, ...settings, ""].join("\n"),
    });
    await postgres.start();
    return postgres;
  }

  get data(): string {
    return join(this.dir, "data");
  }

  /** Of the database, as its owner or another role. */
  url(database: string, user = "postgres", password: string | null = superPassword): string {
    const secret = password === null ? "" : `:${encodeURIComponent(password)}`;
    return `postgres://${user}${secret}@127.0.0.1:${this.port}/${database}`;
  }

  async start(): Promise<void> {
    const [command, args] = this.#command("postgres", ["-D", this.data]);
    this.#server = spawn(command, args, { stdio: "ignore" });
    await eventually(
      async () => {
        await this.query("postgres", "SELECT 1");
        return true;
      },
      { what: "Postgres answers" },
    );
    const [pid] = readFileSync(join(this.data, "postmaster.pid"), "utf8").split("\n");
    this.#pid = Number(pid);
  }

  /** With SIGKILL its children end by themselves, some time later, and are waited for. */
  async stop(name: NodeJS.Signals = "SIGQUIT"): Promise<void> {
    const children = this.#children();
    signal(this.#pid, name);
    await Promise.all([this.#pid, ...children].map(whenGone));
  }

  /** Holds it and all its connections, or lets it go on. */
  hold(held: boolean): void {
    for (const pid of [this.#pid, ...this.#children()]) signal(pid, held ? "SIGSTOP" : "SIGCONT");
  }

  /** Lets everything else go first: in earnest it has a machine of its own. */
  giveWay(): void {
    setPriority(this.#pid, 19);
  }

  #children(): number[] {
    try {
      const file = `/proc/${this.#pid}/task/${this.#pid}/children`;
      return readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  }

  async query(database: string, sql: string, values: unknown[] = []): Promise<Rows> {
    const client = new pg.Client({ connectionString: this.url(database) });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** A new database; gives its name. */
  async database(more = ""): Promise<string> {
    const name = `test${++databases}`;
    await this.query("postgres", `CREATE DATABASE ${name} ${more}`);
    return name;
  }

  async close(): Promise<void> {
    await this.stop("SIGQUIT").catch(() => {});
    this.#server?.unref();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  #command(program: string, args: string[]): [string, string[]] {
    const path = join(postgresPrograms ?? "", program);
    return asRoot ? ["runuser", ["-u", "postgres", "--", path, ...args]] : [path, args];
  }

  #run(program: string, args: string[]): void {
    const [command, all] = this.#command(program, args);
    execFileSync(command, all, { stdio: "pipe", cwd: this.dir });
  }
}

export const superPassword = "pg-super-secret-word";
let databases = 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
