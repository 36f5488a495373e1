/** What the TUI asks of the terminal beyond Ink: no wrapping, its size, suspending, redrawing. */
import { type Instance, useApp, useStdout, useWindowSize } from "ink";
import { useEffect, useInsertionEffect } from "react";
import type { Store } from "./store.ts";

export const noAutowrap = "\u001b[?7l";
export const autowrap = "\u001b[?7h";
const clearAndHome = "\u001b[2J\u001b[H";

/**
 * Terminals and Unicode disagree on the width of some characters. Without automatic wrapping a
 * row that turns out too wide is cut at the edge, and the rows below stay where they are.
 */
export function useNoAutowrap(): void {
  const { stdout } = useStdout();
  useInsertionEffect(() => {
    stdout.write(noAutowrap);
    return () => {
      stdout.write(autowrap);
    };
  }, [stdout]);
}

export function useSize(store: Store): void {
  const { columns, rows } = useWindowSize();
  useEffect(() => {
    store.act((model) => ({ ...model, size: { columns, rows } }));
  }, [store, columns, rows]);
}

/**
 * On SIGTSTP the terminal is given back before the process stops, and taken again when it goes
 * on. The signal is raised anew with its own effect: where no shell controls jobs the kernel
 * ignores it, and the screen just comes back.
 */
export function useSuspend(): void {
  const { suspendTerminal } = useApp();
  const { stdout } = useStdout();
  useEffect(() => {
    const stop = () => {
      process.off("SIGTSTP", onStop);
      process.kill(process.pid, "SIGTSTP");
      process.on("SIGTSTP", onStop);
    };
    const onStop = () => {
      void suspendTerminal(() => {
        stdout.write(autowrap);
        stop();
        stdout.write(noAutowrap);
      });
    };
    process.on("SIGTSTP", onStop);
    return () => {
      process.off("SIGTSTP", onStop);
    };
  }, [suspendTerminal, stdout]);
}

/** Draws every row again, for a screen that something else has written on. */
export function redraw(screen: Instance, store: Store): void {
  screen.clear();
  process.stdout.write(clearAndHome);
  store.act((model) => ({ ...model }));
}
