/** Gives an order to the daemon, and says in the person's words what came of it. */
import type { Connection } from "../../client/connection.ts";
import type { Order } from "./order.ts";

export interface CarriedOut {
  said: string;
  /** A session that the order made and that is to be shown. */
  shows?: string;
}

export async function carryOut(
  connection: Connection,
  order: Order,
  environment: Record<string, string> | undefined,
): Promise<CarriedOut> {
  /** What runs on a peer's machine has its environment from there. */
  const env = (name: string | undefined) =>
    environment === undefined || name?.includes("/") ? {} : { env: environment };
  switch (order.verb) {
    case "rename": {
      const { session, to } = order;
      await connection.call("session/rename", { name: session, to });
      return { said: `renamed to ${to}` };
    }
    case "fork": {
      const { session: name, to } = order;
      const { session } = await connection.call("session/fork", { name, to, ...env(name) });
      return { said: `forked as ${session.name}`, shows: session.id };
    }
    case "new": {
      const { session } = await connection.call("session/new", {
        ...order.params,
        ...env(order.params.name),
      });
      const made = `made ${session.name}`;
      return order.shows ? { said: made, shows: session.id } : { said: made };
    }
    case "send": {
      const { session: name, text } = order;
      const receipt = await connection.call("session/send", { name, content: { text } });
      return { said: `sent to ${receipt.session}` };
    }
    case "kill": {
      const { session, cancelled } = await connection.call("session/kill", { name: order.session });
      const lost = cancelled === 0 ? "" : `; messages not delivered: ${cancelled}`;
      return { said: `killed ${session.name}${lost}` };
    }
    case "panic": {
      const { session } = order;
      const stopped =
        session === null
          ? (await connection.call("daemon/panic", {})).sessions
          : [await connection.call("session/panic", { name: session })];
      const killed = stopped.reduce((sum, one) => sum + one.killed, 0);
      const left = stopped.flatMap((one) => one.left);
      const rest = left.length === 0 ? "nothing is left" : `left: ${left.map(({ pid }) => pid)}`;
      return { said: `stopped; processes killed: ${killed}, ${rest}` };
    }
    case "interrupt":
      await connection.call("session/interrupt", { name: order.session });
      return { said: "interrupting…" };
    case "sleep":
    case "wake": {
      const method = `session/${order.verb}` as const;
      const { session } = await connection.call(method, { name: order.session });
      return { said: `${session.name} is ${session.state}` };
    }
    case "restart": {
      const force = order.force ? { force: true } : {};
      const { session } = await connection.call("session/restart", {
        name: order.session,
        ...force,
      });
      return { said: `${session.name} is ${session.state}` };
    }
  }
}
