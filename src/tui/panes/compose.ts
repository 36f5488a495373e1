/** The terminal's rows, put together from those of the panes that are on it. Pure. */
import type { Model } from "../model.ts";
import { type Screen, screenOf } from "../screen.ts";
import { filled, type Line, span } from "../text/lines.ts";
import type { Rect, Size } from "./tree.ts";

/** What is drawn; it is another one only when something in it is another. */
export interface Picture {
  size: Size;
  /** The focused one first. */
  panes: readonly [DrawnPane, ...DrawnPane[]];
  rules: readonly Rect[];
}

export interface DrawnPane {
  id: number;
  rect: Rect;
  model: Model;
}

/** A model never changes, so its rows don't: the pane next to one that streams costs nothing. */
const screens = new WeakMap<Model, Screen>();

export function compose({ size, panes, rules }: Picture): Screen {
  const [focused] = panes;
  const own = drawn(focused.model);
  const { rect } = focused;
  if (panes.length === 1) return own;
  const cursor = own.cursor && { x: rect.x + own.cursor.x, y: rect.y + own.cursor.y };
  const pieces = [...panes.map(pieceOf), ...rules.map((rule) => ruleOf(rule, rect))].sort(
    (a, b) => a.rect.x - b.rect.x,
  );
  const rows = Array.from({ length: size.rows }, (_, y) =>
    pieces
      .filter((piece) => y >= piece.rect.y && y < piece.rect.y + piece.rect.rows)
      .flatMap((piece) => piece.row(y - piece.rect.y)),
  );
  return { rows, cursor };
}

interface Piece {
  rect: Rect;
  row: (y: number) => Line;
}

function pieceOf({ rect, model }: DrawnPane): Piece {
  const { rows } = drawn(model);
  return { rect, row: (y) => filled(rows[y] ?? [], rect.columns) };
}

/** Bold along the pane that has the keys. */
function ruleOf(rect: Rect, focused: Rect): Piece {
  const beside = focused.x + focused.columns === rect.x || rect.x + 1 === focused.x;
  const row = (y: number): Line => {
    const at = rect.y + y;
    const bright = beside && at >= focused.y && at < focused.y + focused.rows;
    return [span("│", bright ? "prompt" : "rule")];
  };
  return { rect, row };
}

function drawn(model: Model): Screen {
  const known = screens.get(model);
  if (known !== undefined) return known;
  const screen = screenOf(model);
  screens.set(model, screen);
  return screen;
}
