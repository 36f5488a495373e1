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

/** What was given for a field: one of its options by its place, two may be called the same; or a text. */
export type Entered = { option: number } | { text: string };

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
export function responseOf(approval: ApprovalDetail, entered: readonly Entered[]): Json {
  const given = fieldsOf(approval).map(
    (field, index) => [field.id, valueGiven(field, entered[index])] as const,
  );
  if (approval.kind === "question") {
    const answers = given.map(([id, value]) => [
      id,
      { answers: value === undefined ? [] : [value] },
    ]);
    return { answers: Object.fromEntries(answers) };
  }
  const content = given.filter(([, value]) => value !== undefined);
  return { action: "accept", content: Object.fromEntries(content), _meta: null };
}

/** More options than there are digits are chosen by a number and Enter. */
export const digitsMax = 9;

export function isLong({ options }: Field): boolean {
  return options.length > digitsMax;
}

/** The option that a number stands for, by its place; null when the text is none. */
export function optionOf({ options }: Field, text: string): number | null {
  const at = /^\d{1,6}$/.test(text) ? Number(text) - 1 : -1;
  return options[at] === undefined ? null : at;
}

/** Why a text is no answer to a field, or null when it is one. */
export function objection(field: Field, text: string): string | null {
  if (text === "") return field.required ? "an answer is needed here" : null;
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
        ? titled.map((one) => option(textOf(one.title) || wordOf(one.const), one.const ?? null))
        : values.map((value, index) => option(wordOf(names[index] ?? value), value));
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

/** As it is written, whatever it is. */
function wordOf(value: Json | undefined): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function option(label: string, value: Json): { label: string; about: string; value: Json } {
  return { label, about: "", value };
}

/** Undefined for nothing. */
function valueGiven(field: Field, given: Entered | undefined): Json | undefined {
  if (given !== undefined && "option" in given) return field.options[given.option]?.value;
  const text = given?.text ?? "";
  if (text === "") return undefined;
  if (field.type === "number" || field.type === "integer") return Number(text);
  // A list without fixed choices: its parts, between commas.
  return field.type === "array" ? text.split(",").map((part) => part.trim()) : text;
}
