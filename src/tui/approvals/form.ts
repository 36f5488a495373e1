/**
 * Questions of codex's and forms of MCP servers as one thing: fields that are asked one after
 * another, and the response that codex wants for their answers. Pure.
 */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { ApprovalDetail } from "../../protocol/session.ts";
import { objectsOf, textOf } from "../transcript/items/drawing.ts";

export interface Field {
  id: string;
  title: string;
  prompt: string;
  options: { label: string; about: string; value: Json }[];
  /** True: an own text is taken too. */
  free: boolean;
  secret: boolean;
  type: string;
  required: boolean;
}

export type Answers = Readonly<Record<string, string>>;

/** The fields to fill in; none when the approval takes a decision alone. */
export function fieldsOf(approval: ApprovalDetail): Field[] {
  if (approval.kind === "question") return objectsOf(approval.params.questions).map(question);
  if (approval.kind !== "elicitation") return [];
  const schema = isObject(approval.params.requestedSchema) ? approval.params.requestedSchema : {};
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).map(([id, property]) =>
    formField(id, isObject(property) ? property : {}, required.includes(id)),
  );
}

/** What codex gets: its own response object for a question or a form. */
export function responseOf(approval: ApprovalDetail, answers: Answers): Json {
  const fields = fieldsOf(approval);
  if (approval.kind === "question") {
    const given = fields.map(({ id }) => [id, { answers: answers[id] ? [answers[id]] : [] }]);
    return { answers: Object.fromEntries(given) };
  }
  const content = fields
    .filter(({ id }) => (answers[id] ?? "") !== "")
    .map((field) => [field.id, answerValue(field, answers[field.id] ?? "")]);
  return { action: "accept", content: Object.fromEntries(content), _meta: null };
}

/** Why a text is no answer to a field, or null when it is one. */
export function objection(field: Field, text: string): string | null {
  if (text === "") return field.required ? "an answer is needed here" : null;
  if (field.options.some(({ label }) => label === text)) return null;
  if (!field.free) return "choose one by its number";
  if (field.type === "number" && !Number.isFinite(Number(text))) return "a number is needed here";
  if (field.type === "integer" && !/^[+-]?\d+$/.test(text)) return "a whole number is needed here";
  return null;
}

function question(asked: JsonObject): Field {
  const options = objectsOf(asked.options).map((option) => ({
    label: textOf(option.label),
    about: textOf(option.description),
    value: textOf(option.label),
  }));
  return {
    id: textOf(asked.id),
    title: textOf(asked.header),
    prompt: textOf(asked.question),
    options,
    free: asked.isOther === true || options.length === 0,
    secret: asked.isSecret === true,
    type: "string",
    required: true,
  };
}

function formField(id: string, property: JsonObject, required: boolean): Field {
  const type = textOf(property.type) || "string";
  const values = Array.isArray(property.enum) ? property.enum : [];
  const names = Array.isArray(property.enumNames) ? property.enumNames : [];
  const titled = objectsOf(property.oneOf);
  const options =
    type === "boolean"
      ? [option("yes", true), option("no", false)]
      : titled.length > 0
        ? titled.map((one) => option(textOf(one.title) || String(one.const), one.const ?? null))
        : values.map((value, index) => option(String(names[index] ?? value), value));
  return {
    id,
    title: textOf(property.title) || id,
    prompt: textOf(property.description),
    options,
    free: options.length === 0,
    secret: false,
    type,
    required,
  };
}

function option(label: string, value: Json): { label: string; about: string; value: Json } {
  return { label, about: "", value };
}

function answerValue(field: Field, text: string): Json {
  const chosen = field.options.find(({ label }) => label === text);
  if (chosen) return chosen.value;
  if (field.type === "number" || field.type === "integer") return Number(text);
  // A list without fixed choices: its parts, between commas.
  return field.type === "array" ? text.split(",").map((part) => part.trim()) : text;
}
