/** Puts the dashboard on the terminal and the terminal's keys into its store. Decides nothing. */
import { Box, Text, useInput, usePaste } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import type { Store } from "../store.ts";
import { strokesOf } from "../terminal/keystrokes.ts";
import { usePaint } from "../terminal/paper.ts";
import { useLending, useMouse, useNoAutowrap, useSize } from "../terminal/terminal.ts";
import type { TopEffect, TopModel } from "./model.ts";
import { pasteTop, pressTop } from "./press-top.ts";
import { topScreenOf } from "./top-screen.ts";

export function TopApp({ store }: { store: Store<TopModel, TopEffect> }) {
  const model = useSyncExternalStore(store.subscribe, () => store.model);
  const paint = usePaint();
  useNoAutowrap();
  useMouse(store);
  useSize(store);
  useLending({ store, focus: false });
  useClock(store, model.away);

  useInput((input, key) => {
    for (const stroke of strokesOf(input, key)) store.act((before) => pressTop(before, stroke));
  });
  usePaste((text) => store.act((before) => pasteTop(before, text)));

  return (
    <Box flexDirection="column" width={model.size.columns} height={model.size.rows}>
      {topScreenOf(model).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its place
        <Text key={index} wrap="truncate-end">
          {paint(line) || " "}
        </Text>
      ))}
    </Box>
  );
}

/** The daemon's answers move the time on; while it is away nobody else does. */
function useClock(store: Store<TopModel, TopEffect>, wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => store.act((model) => ({ ...model })), 1_000);
    return () => clearInterval(timer);
  }, [store, wanted]);
}
