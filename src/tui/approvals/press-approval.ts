/** Keys while an approval has the keyboard: decisions by their letter, forms field by field. */
import { visible } from "../../protocol/address.ts";
import type { ApprovalDetail } from "../../protocol/session.ts";
import { keyName } from "../keymap.ts";
import { type Dialog, type FormState, type Model, noticed, only, type Step } from "../model.ts";
import { graphemes } from "../text/lines.ts";
import { keyed, refuses } from "./decisions.ts";
import {
  type Entered,
  type Field,
  fieldsOf,
  isLong,
  objection,
  optionOf,
  responseOf,
} from "./form.ts";
import { isReadable, toldNew, withNextInView } from "./in-view.ts";

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

const emptyForm: FormState = { index: 0, text: "", entered: [] };

/**
 * `key` is a decision's letter, or a command of the form's; `unseen` is how many rows of what is
 * asked were not in view yet.
 */
export function pressInApproval(model: Model, key: string, unseen: number): Step {
  const focused = focusedIn(model);
  if (focused === null) return only(model);
  const { dialog, approval } = focused;
  const { form } = dialog;
  if (form === null) return decide(model, dialog, approval, key, unseen);
  if (!isReadable(model)) return only(toldNew(model));
  if (key === "form-submit") {
    const field = fieldIn(model);
    return field === undefined ? answerNothing(model, approval) : enterText(model, field, unseen);
  }
  const text = key === "backspace" ? graphemes(form.text).slice(0, -1).join("") : "";
  return only(withForm(model, dialog, { ...form, text }));
}

/** A digit chooses while nothing is written; everything else is text, where text is taken. */
export function typeInForm(model: Model, typed: string, unseen: number): Step {
  const field = fieldIn(model);
  if (field === undefined) return only(model);
  if (!isReadable(model)) return only(toldNew(model));
  const option = field.form.text === "" ? optionOf(field.asked, typed) : null;
  if (option !== null && !isLong(field.asked)) return enter(model, { option }, unseen);
  const takes = field.asked.free || (isLong(field.asked) && /^\d$/.test(typed));
  return takes ? pasteInForm(model, typed) : only(noticed(model, "choose one by its number"));
}

/** What is pasted is text, and never chooses. */
export function pasteInForm(model: Model, text: string): Step {
  const field = fieldIn(model);
  if (field === undefined) return only(model);
  if (!isReadable(model)) return only(toldNew(model));
  const { dialog, form, asked } = field;
  const takes = asked.free || isLong(asked);
  if (!takes) return only(noticed(model, "choose one by its number"));
  return only(withForm(model, dialog, { ...form, text: form.text + text }));
}

function decide(
  model: Model,
  dialog: ApprovalDialog,
  approval: ApprovalDetail,
  key: string,
  unseen: number,
): Step {
  if (key === "f" && fieldsOf(approval).length > 0) {
    if (unseen > 0) return only(notSeen(model, "Space"));
    return only(withNextInView(withForm(model, dialog, emptyForm)));
  }
  const decision = keyed(approval.decisions).find((one) => one.key === key);
  if (decision === undefined) {
    return only(
      noticed(model, `${visible(keyName(key))} is none of the answers`, "info", "approval"),
    );
  }
  if (unseen > 0 && !refuses(decision)) return only(notSeen(model, "Space"));
  const answered = noticed({ ...model, dialog: null }, `answered: ${decision.label}`);
  return only(answered, { do: "answer", id: approval.id, answer: { decision: decision.id } });
}

/** What Enter takes: of many options the one with that number, else the text as it is. */
function enterText(model: Model, { asked, form }: FieldInForm, unseen: number): Step {
  const option = isLong(asked) ? optionOf(asked, form.text) : null;
  if (option !== null) return enter(model, { option }, unseen);
  const wrong = objection(asked, form.text);
  return wrong === null
    ? enter(model, { text: form.text }, unseen)
    : only(noticed(model, wrong, "warning"));
}

function enter(model: Model, given: Entered, unseen: number): Step {
  const focused = focusedIn(model);
  if (!focused?.dialog.form) return only(model);
  if (unseen > 0) return only(notSeen(model, "Down"));
  const { approval, dialog } = focused;
  const { index, entered: before } = focused.dialog.form;
  const entered = [...before, given];
  if (index + 1 < fieldsOf(approval).length) {
    return only(withNextInView(withForm(model, dialog, { index: index + 1, text: "", entered })));
  }
  const answered = noticed({ ...model, dialog: null }, "answered");
  const response = responseOf(approval, entered);
  return only(answered, { do: "answer", id: approval.id, answer: { response } });
}

/** A question without any question is answered all the same: codex waits for it. */
function answerNothing(model: Model, approval: ApprovalDetail): Step {
  const answered = noticed({ ...model, dialog: null }, "answered");
  const response = responseOf(approval, []);
  return only(answered, { do: "answer", id: approval.id, answer: { response } });
}

/** What is accepted was seen; to refuse it takes no reading. How much is missing, its title says. */
function notSeen(model: Model, key: string): Model {
  const said = `its end was not in view yet: ${key} or PgDn shows more`;
  return noticed(model, said, "warning", "approval");
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

interface FieldInForm {
  dialog: ApprovalDialog;
  form: FormState;
  asked: Field;
}

function fieldIn(model: Model): FieldInForm | undefined {
  const focused = focusedIn(model);
  const form = focused?.dialog.form;
  if (!focused || !form) return undefined;
  const asked = fieldsOf(focused.approval)[form.index];
  return asked && { dialog: focused.dialog, form, asked };
}
