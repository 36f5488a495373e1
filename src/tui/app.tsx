/** Puts the screen on the terminal and the terminal's keys into the store. Decides nothing. */
import { randomUUID } from "node:crypto";
import { Box, Text, useCursor, useInput, usePaste } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import { useEditor } from "./composer/editor.ts";
import { paste } from "./press.ts";
import { ticked } from "./receive.ts";
import { screenOf } from "./screen.ts";
import type { Scene } from "./store.ts";
import { strokesOf } from "./terminal/keystrokes.ts";
import { strike } from "./terminal/strike.ts";
import {
  useFocusReports,
  useMouse,
  useNoAutowrap,
  useSize,
  useSuspend,
} from "./terminal/terminal.ts";
import { paint } from "./text/theme.ts";

export function App({ store, color }: { store: Scene; color: boolean }) {
  const model = useSyncExternalStore(store.subscribe, () => store.picture);
  useNoAutowrap();
  useMouse(store);
  useSize(store);
  useSuspend(store);
  useEditor(store, model.editing);
  useClock(
    store,
    model.transcript.turn !== null || model.notice !== null || model.dialog?.kind === "chooser",
  );
  useFocusReports(store);
  const { setCursorPosition } = useCursor();

  useInput((input, key) => {
    for (const stroke of strokesOf(input, key)) {
      strike(store, stroke, randomUUID);
    }
  });
  usePaste((text) => store.act((before) => paste(before, text)));

  const { rows, cursor } = screenOf(model);
  setCursorPosition(cursor ?? undefined);
  return (
    <Box flexDirection="column" width={model.size.columns} height={model.size.rows}>
      {rows.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its place
        <Text key={index} wrap="truncate-end">
          {paint(line, color) || " "}
        </Text>
      ))}
    </Box>
  );
}

/** A running turn's time, and notices that go, want a step a second; an idle screen wants none. */
function useClock(store: Scene, wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => store.act(ticked), 1_000);
    return () => clearInterval(timer);
  }, [store, wanted]);
}
