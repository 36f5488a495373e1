import { checkPattern, type Grant } from "../../protocol/access.ts";
import type { GrantParams } from "../../protocol/methods.ts";
import { describeActor } from "../../protocol/session.ts";
import { actorOf } from "./caller.ts";
import type { MethodHandler } from "./index.ts";

const lifeMsDefault = 30 * 86_400_000;

export const newToken: MethodHandler<"token/new"> = (caller, params) => {
  const { tokens, services } = caller.daemon;
  const made = tokens.issue(grantOf(params));
  const { token: _secret, ...shown } = made;
  services.log.info({ ...shown, by: describeActor(actorOf(caller)) }, "a token was made");
  return made;
};

export const revokeToken: MethodHandler<"token/revoke"> = (caller, { id }) => {
  const { tokens, services } = caller.daemon;
  const revoked = tokens.revoke(id);
  const by = describeActor(actorOf(caller));
  services.log.info({ id: revoked.token.id, cut: revoked.cut, by }, "a token was revoked");
  return revoked;
};

export const pair: MethodHandler<"pair/new"> = ({ daemon }, params) => ({
  ...daemon.pairing.offer(grantOf(params)),
  urls: daemon.port?.publicUrls ?? [],
});

function grantOf({ scope, sessions, expiresMs, label }: GrantParams): Grant {
  return {
    scope: scope ?? "observe",
    sessions: checkPattern(sessions ?? "*"),
    expiresMs: expiresMs === undefined ? lifeMsDefault : expiresMs,
    label: label ?? null,
  };
}
