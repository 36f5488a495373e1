/**
 * Stands for string-width where Ink asks it from which column on a row is painted anew. Terminals
 * disagree with Unicode, and with each other, on joined emoji and the like; a column counted behind
 * those is another one on the screen, and painting from there erases words. A text with them is
 * wider than any terminal here, and so Ink paints the whole row, from its first column.
 */
import { simpleWidth } from "../text/simple.ts";

export default function agreedWidth(text: string): number {
  return simpleWidth(text) ?? Number.POSITIVE_INFINITY;
}
