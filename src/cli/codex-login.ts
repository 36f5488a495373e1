/**
 * Whether codex can reach a model: it is signed in, or its config names another provider. Asked
 * of codex itself, since where it keeps a login (a file, a keyring) is its own affair.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** How to sign in; a key in the environment alone is not a login to codex's app-server. */
export function loginCommand(env: NodeJS.ProcessEnv): string {
  return env.OPENAI_API_KEY
    ? "printenv OPENAI_API_KEY | codex login --with-api-key"
    : "codex login";
}

export type CodexLogin = { signedIn: true; how: string } | { signedIn: false; why: string };

const statusTimeoutMs = 10_000;

export function codexLogin(codexPath: string, env: NodeJS.ProcessEnv): CodexLogin {
  const provider = otherProvider(env);
  if (provider) return { signedIn: true, how: `the config names the provider "${provider}"` };
  const status = spawnSync(codexPath, ["login", "status"], {
    env,
    encoding: "utf8",
    timeout: statusTimeoutMs,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Its warnings come first, the answer last.
  const said = `${status.stdout ?? ""}${status.stderr ?? ""}`.trim().split("\n").at(-1);
  if (status.status === 0) return { signedIn: true, how: said || "logged in" };
  return { signedIn: false, why: said || status.error?.message || "codex login status failed" };
}

/** How to sign in, when that is missing; undefined when it is not, or when nobody can tell. */
export async function loginMissing(
  given: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (otherProvider(env)) return undefined;
  try {
    const { locateCodex } = await import("../system/codex-binary.ts");
    const { path } = await locateCodex({ given, env });
    const login = codexLogin(path, env);
    return login.signedIn ? undefined : loginCommand(env);
  } catch {
    // What is wrong with codex is said by the session's own start.
    return undefined;
  }
}

export function codexHome(env: NodeJS.ProcessEnv): string {
  return env.CODEX_HOME || join(env.HOME || homedir(), ".codex");
}

/** The provider that the config names, when that is another than the one codex signs in to. */
function otherProvider(env: NodeJS.ProcessEnv): string | undefined {
  const provider = configuredProvider(readConfig(env));
  return provider === "openai" ? undefined : provider;
}

/**
 * `model_provider` of the user's config.toml. It stands above the first table, which is all that
 * is looked at: a whole TOML reader would weigh on every command, and codex itself says what is
 * wrong with the file.
 */
export function configuredProvider(config: string): string | undefined {
  const [top = ""] = config.split(/^\s*\[/m);
  return /^\s*model_provider\s*=\s*(["'])(.*?)\1/m.exec(top)?.[2];
}

function readConfig(env: NodeJS.ProcessEnv): string {
  try {
    return readFileSync(join(codexHome(env), "config.toml"), "utf8");
  } catch {
    return "";
  }
}
