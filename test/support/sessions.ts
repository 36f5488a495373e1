/** What most tests of the daemon do first: create a session, send a message, wait for its end. */
import type { Connection } from "../../src/client/connection.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import type { Params } from "../../src/protocol/methods.ts";
import type { Receipt, SessionInfo, SessionSpec } from "../../src/protocol/session.ts";
import { eventually } from "./eventually.ts";
import type { Home } from "./home.ts";

export type Wanted = Omit<Partial<Params<"session/new">>, "spec"> & { spec?: Partial<SessionSpec> };

/** A session in the home's directory with the home's environment, unless told otherwise. */
export async function createSession(
  home: Home,
  connection: Connection,
  { spec, env, ...wanted }: Wanted = {},
): Promise<SessionInfo> {
  const { session } = await connection.call("session/new", {
    ...wanted,
    spec: { cwd: home.work, ...spec },
    env: { ...home.env, ...env },
  });
  return session;
}

/** Sends a message and waits until its turn has ended. */
export async function say(connection: Connection, name: string, text: string): Promise<Receipt> {
  const { messageId } = await connection.call("session/send", { name, content: { text } });
  return finished(connection, name, messageId);
}

export function finished(connection: Connection, name: string, id: string): Promise<Receipt> {
  return eventually(
    async () => {
      const receipt = await connection.call("session/receipt", { name, id });
      return receipt.status === "accepted" || receipt.status === "delivered" ? null : receipt;
    },
    { what: `message ${id} of "${name}" is finished` },
  );
}

/** The error that a call must end with; fails the test when it succeeds. */
export async function errorOf(call: Promise<unknown>): Promise<HacsError> {
  let result: unknown;
  try {
    result = await call;
  } catch (error) {
    if (error instanceof HacsError) return error;
    throw error;
  }
  throw new Error(`The call was to fail, and gave ${JSON.stringify(result)}`);
}
