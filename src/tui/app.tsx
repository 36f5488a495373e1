/** Puts the screen on the terminal and the terminal's keys into the store. Decides nothing. */
import { Box, Text, useCursor, useInput, usePaste } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import { useEditor } from "./composer/editor.ts";
import { newId } from "./new-id.ts";
import { compose } from "./panes/compose.ts";
import { paste } from "./press.ts";
import { ticks } from "./receive.ts";
import type { Scene } from "./scene.ts";
import { strokesOf } from "./terminal/keystrokes.ts";
import { usePaint } from "./terminal/paper.ts";
import { strike } from "./terminal/strike.ts";
import {
  useFocusReports,
  useLending,
  useMouse,
  useNoAutowrap,
  useSize,
} from "./terminal/terminal.ts";

export function App({ store }: { store: Scene }) {
  const picture = useSyncExternalStore(store.subscribe, () => store.picture);
  const paint = usePaint();
  useNoAutowrap();
  useMouse(store);
  useSize(store);
  const lend = useLending({ store, focus: true });
  useEditor(store, picture.panes[0].model.editing, lend);
  useClock(
    store,
    picture.panes.some(({ model }) => ticks(model)),
  );
  useFocusReports(store);
  const { setCursorPosition } = useCursor();

  useInput((input, key) => {
    for (const stroke of strokesOf(input, key)) {
      strike(store, stroke, newId);
    }
  });
  usePaste((text) => store.act((before) => paste(before, text)));

  const { rows, cursor } = compose(picture);
  setCursorPosition(cursor ?? undefined);
  return (
    <Box flexDirection="column" width={picture.size.columns} height={picture.size.rows}>
      {rows.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its place
        <Text key={index} wrap="truncate-end">
          {paint(line) || " "}
        </Text>
      ))}
    </Box>
  );
}

function useClock(store: Scene, wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => store.tick(), 1_000);
    return () => clearInterval(timer);
  }, [store, wanted]);
}
