/** Keys while an approval has the keyboard: decisions by their letter, forms field by field. */
import { visible } from "../../protocol/address.ts";
import type { ApprovalDetail } from "../../protocol/session.ts";
import { keyName } from "../keymap.ts";
import { type Dialog, type FormState, type Model, noticed, only, type Step } from "../model.ts";
import { graphemes } from "../text/lines.ts";
import { keyed } from "./decisions.ts";
import { fieldsOf, objection, responseOf } from "./form.ts";

/** A prompt has to have been on the screen for this long before it takes the keyboard. */
export const shownMinMs = 500;

type ApprovalDialog = Extract<Dialog, { kind: "approval" }>;

export function focusApproval(model: Model): Step {
  const approval = model.transcript.approvals[0];
  if (approval === undefined) return only(noticed(model, "nothing waits for an answer"));
  if (model.readOnly)
    return only(noticed(model, "read-only: answer it elsewhere", "warning", "approval"));
  if (!isReadable(model)) {
    const said = "this prompt is new: read it, then press again";
    return only(noticed(model, said, "warning", "approval"));
  }
  const form = approval.kind === "question" ? emptyForm : null;
  return only({ ...model, dialog: { kind: "approval", id: approval.id, row: 0, form } });
}

/** False for a prompt that came so lately that a key may be meant for the one before. */
export function isReadable({ shown, now }: Model): boolean {
  return shown !== null && now - shown.at >= shownMinMs;
}

const emptyForm: FormState = { index: 0, text: "", answers: {} };

/** `key` is a decision's letter, or a command of the form's. */
export function pressInApproval(model: Model, key: string): Step {
  const focused = focusedIn(model);
  if (focused === null) return only(model);
  const { dialog, approval } = focused;
  const { form } = dialog;
  if (form === null) return decide(model, dialog, approval, key);
  if (key === "form-submit") return enter(model, approval, dialog, form.text);
  const text = key === "backspace" ? graphemes(form.text).slice(0, -1).join("") : "";
  return only(withForm(model, dialog, { ...form, text }));
}

/** A digit chooses while nothing is written; everything else is text, where text is taken. */
export function typeInForm(model: Model, typed: string): Step {
  const focused = focusedIn(model);
  const form = focused?.dialog.form;
  if (!focused || !form) return only(model);
  const field = fieldsOf(focused.approval)[form.index];
  const chosen =
    /^[1-9]$/.test(typed) && form.text === "" ? field?.options[Number(typed) - 1] : undefined;
  if (chosen !== undefined) return enter(model, focused.approval, focused.dialog, chosen.label);
  if (field?.free !== true) return only(noticed(model, "choose one by its number"));
  return only(withForm(model, focused.dialog, { ...form, text: form.text + typed }));
}

function decide(model: Model, dialog: ApprovalDialog, approval: ApprovalDetail, key: string): Step {
  if (key === "f" && fieldsOf(approval).length > 0) return only(withForm(model, dialog, emptyForm));
  const decision = keyed(approval.decisions).find((one) => one.key === key);
  if (decision === undefined) {
    return only(
      noticed(model, `${visible(keyName(key))} is none of the answers`, "info", "approval"),
    );
  }
  const answered = noticed({ ...model, dialog: null }, `answered: ${decision.label}`);
  return only(answered, { do: "answer", id: approval.id, answer: { decision: decision.id } });
}

function enter(model: Model, approval: ApprovalDetail, dialog: ApprovalDialog, text: string): Step {
  const form = dialog.form ?? emptyForm;
  const fields = fieldsOf(approval);
  const field = fields[form.index];
  const wrong = field === undefined ? null : objection(field, text);
  if (wrong !== null) return only(noticed(model, wrong, "warning"));
  const answers = field === undefined ? form.answers : { ...form.answers, [field.id]: text };
  if (form.index + 1 < fields.length) {
    return only(withForm(model, dialog, { index: form.index + 1, text: "", answers }));
  }
  const answered = noticed({ ...model, dialog: null }, "answered");
  const response = responseOf(approval, answers);
  return only(answered, { do: "answer", id: approval.id, answer: { response } });
}

function withForm(model: Model, dialog: ApprovalDialog, form: FormState): Model {
  return { ...model, dialog: { ...dialog, row: 0, form } };
}

function focusedIn(model: Model): { dialog: ApprovalDialog; approval: ApprovalDetail } | null {
  const { dialog } = model;
  if (dialog?.kind !== "approval") return null;
  const approval = model.transcript.approvals.find(({ id }) => id === dialog.id);
  return approval === undefined ? null : { dialog, approval };
}
