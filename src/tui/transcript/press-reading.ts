/** Keys while reading: searching, copying, opening what is folded, and the mouse. */

import type { Command } from "../keymap.ts";
import { layoutOf } from "../layout.ts";
import { type Model, noticed, only, type Step } from "../model.ts";
import { graphemes } from "../text/lines.ts";
import { blocksOf } from "./blocks.ts";
import { copyCurrent, currentIndex } from "./copy.ts";
import { wordsCharsMax } from "./match.ts";
import { emptySearch, find, findNext, openedWith, stopSeeking } from "./search.ts";
import { scroll, view } from "./viewport.ts";
import { wantLater } from "./window.ts";

/** Null for a command that belongs elsewhere. */
export function pressInReading(model: Model, command: Command): Step | null {
  const search = model.search ?? emptySearch;
  switch (command) {
    case "search":
      return only({ ...model, search: { ...search, typing: "" } });
    case "search-go":
      return search.typing === "" && search.words !== ""
        ? findNext({ ...model, search: { ...search, typing: null } }, "older")
        : find(model, search.typing ?? "");
    case "search-leave":
      return only({ ...model, search: search.words === "" ? null : { ...search, typing: null } });
    case "search-older":
      return findNext(model, "older");
    case "search-newer":
      return findNext(model, "newer");
    case "copy-message":
      return copyCurrent(model, false);
    case "copy-code":
      return copyCurrent(model, true);
    case "open":
      return open(model);
    case "mouse":
      return toggleMouse(model);
    default:
      return null;
  }
}

export function typeInSearch(model: Model, text: string): Model {
  const { search } = model;
  if (search === null) return model;
  const typing = `${search.typing ?? ""}${text}`.slice(0, wordsCharsMax);
  return { ...model, search: { ...search, typing } };
}

/** Of the commands that edit, a line of words to look for knows these. */
export function editSearch(model: Model, command: Command): Model {
  const { search } = model;
  if (search === null) return model;
  if (command === "kill-to-start") return { ...model, search: { ...search, typing: "" } };
  if (command !== "backspace") return model;
  const typing = graphemes(search.typing ?? "")
    .slice(0, -1)
    .join("");
  return { ...model, search: { ...search, typing } };
}

/** A search under way is stopped first; then the screen goes back to the end. */
export function toEnd(model: Model): Step {
  if (model.search?.seeking) return only(stopSeeking(model));
  return wantLater({ ...model, anchor: null, reading: false, search: null });
}

export function toggleExpanded(model: Model): Step {
  const said = model.expanded ? "long output in part" : "long output in full";
  return only(noticed({ ...model, expanded: !model.expanded }, said));
}

export function toggleMouse(model: Model): Step {
  const on = !model.around.mouse;
  const said = on ? "the wheel scrolls here" : "the mouse is the terminal's: it selects text";
  return only(noticed({ ...model, around: { ...model.around, mouse: on } }, said), {
    do: "mouse",
    on,
  });
}

/** Opens the item that keys mean, or folds it again. */
function open(model: Model): Step {
  const blocks = blocksOf(model);
  const index = currentIndex(model, blocks);
  if (index === -1 || !blocks.folds(index)) return only(noticed(model, "nothing is folded here"));
  const key = blocks.key(index);
  const next = toggled(model, key);
  const said = next.opened.includes(key) ? "in full; o folds it again" : "folded";
  return only(noticed({ ...next, anchor: model.anchor ?? { key, row: 0 } }, said));
}

function toggled(model: Model, key: string): Model {
  const isOpen = model.opened.includes(key);
  const opened = isOpen ? model.opened.filter((one) => one !== key) : openedWith(model, key);
  return { ...model, opened };
}

/** What a click does to the item under it: the rows above stay where they are. */
export function toggle(model: Model, index: number): Model {
  const before = blocksOf(model);
  const height = Math.max(1, layoutOf(model).transcriptRows);
  const top = view(before, model.anchor, height).places[0];
  const next = toggled(model, before.key(index));
  if (top === undefined) return next;
  const anchor = { key: before.key(top.index), row: top.row };
  return { ...next, anchor: scroll(blocksOf(next), anchor, height, 0) };
}
