/** Enter in the composer: a message to send, or a slash command. */
import type { SendMode } from "../../protocol/session.ts";
import { plainDecision, refuses } from "../approvals/decisions.ts";
import { isReadable } from "../approvals/in-view.ts";
import { focusApproval } from "../approvals/press-approval.ts";
import { controlTyped } from "../controls/controls.ts";
import { runControl } from "../controls/run-control.ts";
import { layoutOf } from "../layout.ts";
import { isBusy, type Model, noticed, only, outboxMax, type Step } from "../model.ts";
import { carryOut, pressSessions } from "../sessions/press-sessions.ts";
import { copyLast } from "../transcript/copy.ts";
import { toggleExpanded, toggleMouse } from "../transcript/press-reading.ts";
import { find } from "../transcript/search.ts";
import { emptyComposer } from "./composer.ts";
import { enterMode, setEnterMode } from "./enter-mode.ts";
import { behindSent } from "./past.ts";
import { shellTyped, withoutEscape } from "./shell.ts";
import { type SlashCommand, typed } from "./slash.ts";

export function submit(model: Model, newId: () => string): Step {
  const { text } = model.composer;
  if (text.trim() === "") return only(model);
  const command = shellTyped(text);
  if (command !== null) {
    const asked = noticed({ ...model, composer: emptyComposer, anchor: null }, "running…");
    return only(asked, {
      do: "call",
      method: "thread/shellCommand",
      params: { command },
      said: "running…",
    });
  }
  const control = controlTyped(model, text);
  if (control !== null) {
    return runControl({ ...model, composer: emptyComposer }, control.control, control.rest);
  }
  const meant = typed(withoutEscape(text));
  switch (meant.kind) {
    case "message":
      return send(model, meant.text, enterMode(model), newId);
    case "command":
      return runSlash({ ...model, composer: emptyComposer }, meant.command, meant.rest, newId);
    case "unknown":
      return only(
        noticed(model, `no command ${meant.command}; /help lists them, //… sends it`, "warning"),
      );
  }
}

function send(model: Model, text: string, mode: SendMode, newId: () => string): Step {
  if (model.outbox.length >= outboxMax) {
    return only(noticed(model, `${outboxMax} messages wait for the daemon already`, "warning"));
  }
  const sent: Model = {
    ...model,
    composer: emptyComposer,
    anchor: null,
    dropped: behindSent(model.dropped),
    outbox: [...model.outbox, { id: newId(), text, mode }],
  };
  return only(sent, { do: "flush" });
}

function runSlash(model: Model, command: SlashCommand, rest: string, newId: () => string): Step {
  switch (command) {
    case "/detach":
      return only(model, { do: "detach" });
    case "/interrupt":
      return interrupt(model);
    case "/approve":
      return answer(model, true);
    case "/deny":
      return answer(model, false);
    case "/answer":
      return focusApproval(model);
    case "/next":
      return pressSessions(model, "session-next", "");
    case "/previous":
      return pressSessions(model, "session-previous", "");
    case "/last":
      return pressSessions(model, "session-last", "");
    case "/scroll":
      return only({ ...model, reading: true });
    case "/expand":
      return toggleExpanded(model);
    case "/redraw":
      return only(model, { do: "redraw" });
    case "/suspend":
      return only(model, { do: "suspend" });
    case "/find":
      if (rest === "") return only(noticed(model, "/find takes the words to look for", "warning"));
      return find(model, rest);
    case "/copy":
      return copyLast(model, rest.trim() === "code");
    case "/mouse":
      return toggleMouse(model);
    case "/help":
      return only({ ...model, dialog: { kind: "help", row: 0 } });
    case "/sessions":
      return carryOut(model, "ls");
    case "/top":
      return carryOut(model, "top");
    case "/switch":
      return carryOut(model, `attach ${rest}`);
    case "/waiting":
      return pressSessions(model, "session-waiting", "");
    case "/rename":
      if (rest === "") return pressSessions(model, "session-rename", "");
      return carryOut(model, `rename ${rest}`);
    case "/new":
    case "/fork":
    case "/kill":
    case "/panic":
      return carryOut(model, `${command.slice(1)} ${rest}`);
    case "/command":
      if (rest !== "") return carryOut(model, rest);
      return pressSessions(model, "command-line", "");
    case "/split":
    case "/vsplit":
    case "/pane":
    case "/zoom":
    case "/close":
      return carryOut(model, `${command.slice(1)} ${rest}`);
    case "/steer":
      return rest === "" ? setEnterMode(model, "steer") : send(model, rest, "steer", newId);
    case "/queue":
      return rest === "" ? setEnterMode(model, "queue") : send(model, rest, "queue", newId);
  }
}

export function interrupt(model: Model): Step {
  if (!isBusy(model)) return only(noticed(model, "no turn runs"));
  return only(noticed(model, "interrupting…", "info", "turn"), { do: "interrupt" });
}

/** Answers the prompt on the screen, if it has been there long enough to be the one meant. */
function answer(model: Model, yes: boolean): Step {
  const approval = model.transcript.approvals[0];
  if (approval === undefined) return only(noticed(model, "nothing waits for an answer"));
  if (!isReadable(model) || model.shown?.amid === true) {
    const said = "this prompt is new: read it, then say it again";
    return only(noticed(model, said, "warning", "approval"));
  }
  const decision = plainDecision(approval.decisions, yes);
  if (decision === undefined) {
    return only(noticed(model, "this one takes more than yes or no: press Tab", "warning"));
  }
  const unseen = layoutOf(model).approval?.unseen ?? 0;
  if (unseen > 0 && !refuses(decision)) {
    const said = "its end was not in view yet: /answer, then Space shows more";
    return only(noticed(model, said, "warning", "approval"));
  }
  const effect = { do: "answer", id: approval.id, answer: { decision: decision.id } } as const;
  return only(noticed(model, `answered: ${decision.label}`), effect);
}
