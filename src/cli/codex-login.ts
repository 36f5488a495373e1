/**
 * Whether codex can reach a model: it is signed in, or its config names another provider. Asked
 * of codex itself, since where it keeps a login (a file, a keyring) is its own affair.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { isObject } from "../protocol/messages.ts";

/** How to sign in; a key in the environment alone is not a login to codex's app-server. */
export function loginCommand(env: NodeJS.ProcessEnv): string {
  return env.OPENAI_API_KEY
    ? "printenv OPENAI_API_KEY | codex login --with-api-key"
    : "codex login";
}

export type CodexLogin = { signedIn: true; how: string } | { signedIn: false; why: string };

const statusTimeoutMs = 10_000;

export function codexLogin(codexPath: string, env: NodeJS.ProcessEnv): CodexLogin {
  const provider = configuredProvider(env);
  if (provider !== undefined && provider !== "openai")
    return { signedIn: true, how: `the config names the provider "${provider}"` };
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

export function codexHome(env: NodeJS.ProcessEnv): string {
  return env.CODEX_HOME || join(env.HOME || homedir(), ".codex");
}

/** `model_provider` of the user's config.toml; codex itself reports what is wrong with the file. */
function configuredProvider(env: NodeJS.ProcessEnv): string | undefined {
  try {
    const config: unknown = parse(readFileSync(join(codexHome(env), "config.toml"), "utf8"));
    const provider = isObject(config) ? config.model_provider : undefined;
    return typeof provider === "string" ? provider : undefined;
  } catch {
    return undefined;
  }
}
