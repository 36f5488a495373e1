/** A session's events as a stream that a page's EventSource, or curl, reads. */
import { HacsError } from "../../protocol/errors.ts";
import { commonHeaders, type Exchange } from "./exchange.ts";
import { streamHeaders } from "./http-client.ts";

export async function streamEvents(exchange: Exchange): Promise<undefined> {
  const { client, daemon, query, response, visitor } = exchange;
  if (client === undefined) throw new Error("events were asked for without a token");
  const cursor = lastEventId(exchange);
  if (exchange.request.method === "HEAD") return headOf(exchange);
  const place = cursor === undefined ? query : { deltas: query.deltas, after: cursor };
  daemon.admit(client);
  client.onClose = () => daemon.part(client);
  try {
    const attached = await exchange.call("session/attach", {
      name: exchange.path.name ?? "",
      ...(place as { after?: number }),
    });
    client.stream(commonHeaders(visitor.origin));
    client.say("attached", attached);
  } catch (error) {
    daemon.part(client);
    throw error;
  }
  // It may have gone while it was attached, and then no close is to come.
  if (response.destroyed) client.onClose();
  return undefined;
}

/** What a stream would begin with, and none: a HEAD has no body that could ever end. */
async function headOf({ call, path, response, visitor }: Exchange): Promise<undefined> {
  await call("session/show", { name: path.name ?? "" });
  response.writeHead(200, { ...commonHeaders(visitor.origin), ...streamHeaders });
  response.end();
}

/** Where a client that lost its stream goes on; what it then asks for again is the old beginning. */
function lastEventId({ request }: Exchange): number | undefined {
  const given = request.headers["last-event-id"];
  if (given === undefined || given === "") return undefined;
  if (typeof given === "string" && /^\d{1,15}$/.test(given)) return Number(given);
  throw new HacsError("request-invalid", "Last-Event-ID is the id of an event: a whole number.");
}
