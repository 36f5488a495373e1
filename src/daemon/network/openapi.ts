/** The HTTP side described as OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.1, from its routes. */
import { version } from "../../system/version.ts";
import type { Route, Schema } from "./route.ts";
import { ref, schemas } from "./schemas.ts";

export function openApi(routes: readonly Route[]): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of routes) {
    const described = paths[route.path] ?? {};
    described[route.method.toLowerCase()] = operation(route);
    paths[route.path] = described;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "hacs-session",
      version,
      description:
        "Named codex sessions over HTTP. The WebSocket at /v1/ws speaks the whole protocol (PROTOCOL.md).",
    },
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{ token: [] }],
  };
}

function operation({ about, path, query = {}, body, status, gives, open }: Route): Schema {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, { kind, about: description }]) => ({
    name,
    in: "query",
    description,
    schema: { type: kind },
  }));
  const type = typeof gives.contentMediaType === "string" ? gives.contentMediaType : json;
  return {
    summary: about,
    ...(open ? { security: [] } : {}),
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: { content: { [json]: { schema: body } } } }),
    responses: {
      [status]: { description: "done", content: { [type]: { schema: gives } } },
      default: {
        description: "refused",
        content: { "application/problem+json": { schema: ref("Problem") } },
      },
    },
  };
}

const json = "application/json";
