/**
 * How one terminal is parted among panes: a tree of splits with panes as its leaves, in tmux's
 * manner but with even shares, since what is watched side by side is alike. A split lies within
 * one of the other direction, never of its own, and has two parts or more. Pure.
 */

/** `side` puts panes beside each other, `stacked` one above the other. */
export type Split = "side" | "stacked";
export type Direction = "left" | "right" | "up" | "down";
/** Never given to another pane of the same terminal. */
export type PaneId = number;
export type Tree = PaneId | { split: Split; parts: readonly Tree[] };

export interface Panes {
  tree: Tree;
  /** Every pane, the focused one first, then the ones that were before it. */
  recent: readonly [PaneId, ...PaneId[]];
  /** True: the focused pane has the whole terminal. */
  zoomed: boolean;
}

export interface Rect {
  x: number;
  y: number;
  columns: number;
  rows: number;
}
export type Size = Pick<Rect, "columns" | "rows">;

export interface Arrangement {
  /** Where the panes are; one that has no place is not on the screen. */
  panes: ReadonlyMap<PaneId, Rect>;
  /** The lines between panes that stand side by side, a column wide. */
  rules: readonly Rect[];
}

export const panesMax = 4;
/** Fewer columns hold no sentence, fewer rows no prompt of an approval. */
const least: Size = { columns: 30, rows: 6 };

export function onePane(id: PaneId): Panes {
  return { tree: id, recent: [id], zoomed: false };
}

/** With `added` beside or under the focused pane, and focused; null where there is no room. */
export function splitPane(panes: Panes, split: Split, added: PaneId, size: Size): Panes | null {
  const [focused] = panes.recent;
  const tree = withBeside(panes.tree, focused, split, added);
  if (panes.recent.length >= panesMax || !hasRoom(tree, size)) return null;
  return { tree, recent: [added, ...panes.recent], zoomed: false };
}

/** The others share its place, and the one focused before has the keys; null for the last one. */
export function closePane(panes: Panes, id: PaneId): Panes | null {
  const [next, ...others] = panes.recent.filter((one) => one !== id);
  const tree = without(panes.tree, id);
  if (next === undefined || tree === null) return null;
  const zoomed = panes.zoomed && panes.recent[0] !== id && others.length > 0;
  return { tree, recent: [next, ...others], zoomed };
}

export function focusPane(panes: Panes, id: PaneId): Panes {
  const others = panes.recent.filter((one) => one !== id);
  return others.length === panes.recent.length ? panes : { ...panes, recent: [id, ...others] };
}

/** The focused pane gets the whole terminal, or gives it back; alone it has it anyway. */
export function zoomPane(panes: Panes): Panes {
  return panes.recent.length === 1 ? panes : { ...panes, zoomed: !panes.zoomed };
}

/** Each with its place; the focused one alone when it is zoomed, or not all have room. */
export function arrange({ tree, recent, zoomed }: Panes, size: Size): Arrangement {
  const whole: Rect = { x: 0, y: 0, ...size };
  if (zoomed || !hasRoom(tree, size)) return { panes: new Map([[recent[0], whole]]), rules: [] };
  return laidOut(tree, whole);
}

/** The next one in the order of reading, round the corner; undefined when there is no other. */
export function nextPane({ tree, recent: [focused] }: Panes): PaneId | undefined {
  const order = leaves(tree);
  const next = order[(order.indexOf(focused) + 1) % order.length];
  return next === focused ? undefined : next;
}

/**
 * The pane that borders on the focused one in a direction, and beyond the edge the one at the
 * other side, as in tmux; of several the one that had the keys last.
 */
export function paneToward(panes: Panes, direction: Direction): PaneId | undefined {
  // Where panes lie to each other is the same at any size that has room for them.
  const { panes: places } = laidOut(panes.tree, { x: 0, y: 0, columns: 1_000, rows: 1_000 });
  const from = places.get(panes.recent[0]);
  if (from === undefined) return undefined;
  const back = direction === "left" || direction === "up";
  const along = direction === "left" || direction === "right" ? spanX : spanY;
  const across = along === spanX ? spanY : spanX;
  const here = along(from);
  const beside = panes.recent.slice(1).flatMap((id) => {
    const to = places.get(id);
    if (to === undefined || !overlap(across(to), across(from))) return [];
    const { start, end } = along(to);
    return [{ id, edge: back ? end : start }];
  });
  const ahead = beside.filter(({ edge }) => (back ? edge <= here.start : edge >= here.end));
  const reached = ahead.length > 0 ? ahead : beside;
  const edges = reached.map(({ edge }) => edge);
  const nearest = back ? Math.max(...edges) : Math.min(...edges);
  return reached.find(({ edge }) => edge === nearest)?.id;
}

interface Extent {
  start: number;
  end: number;
}

function spanX({ x, columns }: Rect): Extent {
  return { start: x, end: x + columns };
}

function spanY({ y, rows }: Rect): Extent {
  return { start: y, end: y + rows };
}

function overlap(a: Extent, b: Extent): boolean {
  return a.start < b.end && b.start < a.end;
}

export function holds(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && x < rect.x + rect.columns && y >= rect.y && y < rect.y + rect.rows;
}

function hasRoom(tree: Tree, size: Size): boolean {
  if (typeof tree === "number") return true;
  const { panes } = laidOut(tree, { x: 0, y: 0, ...size });
  return [...panes.values()].every(
    ({ columns, rows }) => columns >= least.columns && rows >= least.rows,
  );
}

function laidOut(tree: Tree, rect: Rect): { panes: Map<PaneId, Rect>; rules: Rect[] } {
  if (typeof tree === "number") return { panes: new Map([[tree, rect]]), rules: [] };
  const panes = new Map<PaneId, Rect>();
  const rules: Rect[] = [];
  const side = tree.split === "side";
  // A pane's last row says whose it is and ends it; only beside each other they need a line.
  const gap = side ? 1 : 0;
  const count = tree.parts.length;
  const whole = (side ? rect.columns : rect.rows) - gap * (count - 1);
  let at = side ? rect.x : rect.y;
  for (const [index, part] of tree.parts.entries()) {
    const share = Math.floor(whole / count) + (index < whole % count ? 1 : 0);
    const place = side ? { ...rect, x: at, columns: share } : { ...rect, y: at, rows: share };
    const inside = laidOut(part, place);
    for (const [id, one] of inside.panes) panes.set(id, one);
    rules.push(...inside.rules);
    at += share;
    if (side && index < count - 1) rules.push({ ...rect, x: at, columns: 1 });
    at += gap;
  }
  return { panes, rules };
}

function leaves(tree: Tree): PaneId[] {
  return typeof tree === "number" ? [tree] : tree.parts.flatMap(leaves);
}

function withBeside(tree: Tree, at: PaneId, split: Split, added: PaneId): Tree {
  if (typeof tree === "number") return tree === at ? { split, parts: [at, added] } : tree;
  const parts = tree.parts.map((part) => withBeside(part, at, split, added));
  return joined(tree.split, parts);
}

function without(tree: Tree, id: PaneId): Tree | null {
  if (typeof tree === "number") return tree === id ? null : tree;
  const parts = tree.parts.flatMap((part) => without(part, id) ?? []);
  return joined(tree.split, parts);
}

/** A part of the same direction becomes parts of this one; a single part stands for itself. */
function joined(split: Split, parts: readonly Tree[]): Tree {
  const flat = parts.flatMap((part) =>
    typeof part !== "number" && part.split === split ? part.parts : [part],
  );
  return flat.length === 1 && flat[0] !== undefined ? flat[0] : { split, parts: flat };
}
